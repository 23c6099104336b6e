// The page: a clip and a few words go in, progress is shown, takes are heard and gone on from.

const byId = (id) => document.getElementById(id);
const FORMATS = ["mp3", "ogg", "wav", "flac"];
const NEEDS_CLIP = new Set(["extend", "restyle", "vary", "accompany", "loop"]);
let clip = null; // the checked-in clip: {clip_id, sentence, remarks}
let engines = {};
const invitation = [...byId("drop-text").childNodes];

async function ask(path, options = {}) {
  const response = await fetch(path, options).catch(() => {
    throw new Error("Bandmate does not answer: is it still running?");
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function say(sentence, wrong = false) {
  byId("said").textContent = sentence;
  byId("said").classList.toggle("wrong", wrong);
}

function fill(select, values, chosen) {
  select.replaceChildren(...values.map((value) => new Option(value, value, false, value === chosen)));
}

function showOperations() {
  const operations = engines[byId("engine").value]?.operations ?? [];
  const usable = operations.filter((name) => name !== "blend"); // blend needs a second clip
  const before = byId("operation").value;
  fill(byId("operation"), usable);
  choose(usable.includes(before) ? before : clip ? "restyle" : "compose");
}

async function checkIn(promise, name) {
  say(`Listening to ${name} …`);
  byId("make").disabled = true;
  try {
    clip = await promise;
    byId("drop-text").textContent = clip.name;
    byId("heard").textContent = [clip.sentence, ...clip.remarks].join(" · ");
    byId("heard").hidden = byId("no-clip").hidden = false;
    if (byId("operation").value === "compose") choose("restyle");
    say("");
  } catch (error) {
    say(error.message, true);
  } finally {
    byId("make").disabled = false;
  }
}

function withoutClip() {
  clip = null;
  byId("drop-text").replaceChildren(...invitation);
  byId("heard").hidden = byId("no-clip").hidden = true;
  if (NEEDS_CLIP.has(byId("operation").value)) choose("compose");
  say("");
}

function upload(file) {
  const form = new FormData();
  form.append("clip", file, file.name);
  return checkIn(ask("/api/clips", { method: "POST", body: form }), file.name);
}

function choose(operation) {
  byId("operation").value = operation;
  byId("operation").onchange();
}

function readWish() {
  const number = (id) => (byId(id).value === "" ? null : Number(byId(id).value));
  const operation = byId("operation").value;
  return {
    operation, engine: byId("engine").value, prompt: byId("prompt").value.trim(),
    clip_ids: clip ? [clip.clip_id] : [], parent_take_ids: clip?.take_id ? [clip.take_id] : [],
    duration_s: byId("duration").disabled ? null : number("duration"), seed: number("seed"),
  };
}

function newKey() { // crypto.randomUUID is for this machine and for https only
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function make(wish) {
  const { job_id } = await ask("/api/jobs", {
    method: "POST", body: JSON.stringify(wish), headers: { "Idempotency-Key": newKey() },
  });
  const card = byId("take-template").content.firstElementChild.cloneNode(true);
  card.querySelector("h2").textContent = wish.prompt || `${wish.operation} of ${clip?.name ?? "a clip"}`;
  addButton(card, "Cancel", () => ask(`/api/jobs/${job_id}/cancel`, { method: "POST" }));
  byId("takes").prepend(card);
  follow(job_id, card, wish);
}

function follow(jobId, card, wish) {
  const events = new EventSource(`/api/jobs/${jobId}/events`);
  events.onmessage = ({ data }) => {
    const status = JSON.parse(data);
    showProgress(card, status);
    showPreview(card, jobId, status.preview_hash);
    if (["made", "delivered", "failed", "cancelled"].includes(status.state)) {
      events.close();
      endPreview(card);
      card.querySelector(".actions").replaceChildren();
      if (status.takes.length) showTake(card, status.takes[0], wish);
    }
  };
}

function showProgress(card, status) {
  const words = {
    queued: `Place ${status.place} in the queue${estimate(status)}`,
    running: `${status.stage || "making"} … ${Math.round(status.fraction * 100)} %${estimate(status)}`,
    made: "", delivered: "", failed: status.sentence, cancelled: "Cancelled.",
  };
  card.querySelector(".stage").textContent = words[status.state] ?? status.state;
  const finished = ["made", "delivered"].includes(status.state);
  card.querySelector(".fill").style.width = `${finished ? 100 : status.fraction * 100}%`;
  card.querySelector(".bar").hidden = finished;
}

function showPreview(card, jobId, hash) {
  if (!hash) return endPreview(card); // none yet, or it is made anew
  const player = card.querySelector(".preview audio");
  card.querySelector(".preview").hidden = false;
  player.dataset.newest = `/api/jobs/${jobId}/previews/${hash}.mp3`;
  player.onerror = () => takeNewest(player, true); // it was replaced between the press on play and its first byte
  if (player.paused) takeNewest(player, player.error !== null); // who listens is not interrupted
}

function takeNewest(player, plays) {
  const { newest } = player.dataset;
  if (!newest || player.getAttribute("src") === newest) return;
  player.src = newest;
  if (plays) player.play().catch(() => {}); // it goes to onerror
}

function endPreview(card) {
  const player = card.querySelector(".preview audio");
  card.querySelector(".preview").hidden = true;
  delete player.dataset.newest;
  if (!player.hasAttribute("src")) return;
  player.pause();
  player.removeAttribute("src");
  player.load(); // lets go of the file
}

function estimate(status) {
  return status.estimate_s == null ? "" : `, about ${Math.max(1, Math.round(status.estimate_s))} s`;
}

function showTake(card, take, wish) {
  card.querySelector(".recipe").textContent =
    `${take.operation}, ${take.duration_s.toFixed(1)} s, ${take.engine}, seed ${take.seed}`;
  card.querySelector(".wave").src = `/takes/${take.take_id}/waveform.png`;
  card.querySelector(".result audio").src = `/takes/${take.take_id}.mp3`;
  card.querySelector(".remarks").replaceChildren(...take.remarks.map((text) => element("li", text)));
  card.querySelector(".links").replaceChildren("Download: ", ...FORMATS.flatMap((format) => [link(take, format), " "]));
  card.querySelector(".result").hidden = false;
  addButton(card, "Again", () => make({ ...wish, seed: null }));
  for (const operation of ["vary", "extend", "restyle"]) {
    if (!engines[wish.engine].operations.includes(operation)) continue;
    addButton(card, operation[0].toUpperCase() + operation.slice(1), () => goOn(take, operation));
  }
}

async function goOn(take, operation) {
  await checkIn(ask(`/api/takes/${take.take_id}/clip`, { method: "POST" }), "the take");
  clip.take_id = take.take_id;
  choose(operation);
  byId("prompt").focus();
  scrollTo({ top: 0, behavior: "smooth" });
}

function link(take, format) {
  const anchor = element("a", format);
  anchor.href = `/takes/${take.take_id}.${format}`;
  anchor.download = "";
  return anchor;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function addButton(card, text, action) {
  const button = element("button", text);
  button.type = "button";
  button.onclick = () => action().catch((error) => say(error.message, true));
  card.querySelector(".actions").append(button);
}

byId("file").onchange = ({ target }) => {
  const [file] = target.files;
  target.value = ""; // so that the same file, mended, can be chosen again
  if (file) upload(file);
};
byId("no-clip").onclick = withoutClip;
byId("engine").onchange = showOperations;
byId("drop").ondragover = (event) => { event.preventDefault(); byId("drop").classList.add("over"); };
byId("drop").ondragleave = () => byId("drop").classList.remove("over");
byId("operation").onchange = () => { // a loop is as long as its bars
  byId("duration").disabled = byId("operation").value === "loop";
};
byId("drop").ondrop = (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  if (event.dataTransfer.files.length) upload(event.dataTransfer.files[0]);
};
byId("wish").onsubmit = async (event) => {
  event.preventDefault();
  const wish = readWish();
  if (NEEDS_CLIP.has(wish.operation) && !clip) return say(`To ${wish.operation}, drop a clip first.`, true);
  say("");
  byId("make").disabled = true;
  try {
    await make(wish);
  } catch (error) {
    say(error.message, true);
  } finally {
    byId("make").disabled = false;
  }
};

engines = await ask("/api/engines");
fill(byId("engine"), Object.keys(engines), "arranger");
showOperations();
