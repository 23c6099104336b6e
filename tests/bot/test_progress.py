"""The progress board keeps nothing of a job that is over, however it ended."""

from __future__ import annotations

from tests.bot.discord_stage import Stage


async def test_nothing_is_kept_of_jobs_that_are_made_failed_or_cancelled(stage: Stage) -> None:
    board = stage.client.progress
    for ending in ("made", "failed", "cancelled here", "cancelled elsewhere"):
        asked = await stage.alice.slash(stage.channel, "compose", prompt=ending)
        assert len(board._tasks) == 1
        if ending == "made":
            await stage.made()
        elif ending == "failed":
            stage.service.fail(stage.service.last_job_id, "The band went home.")
        elif ending == "cancelled here":
            await stage.alice.click(stage.messages()[-1], label="Cancel")
        else:
            await stage.service.cancel(stage.service.last_job_id)
        await stage.env.advance_time(30)
        assert asked.response is not None
        assert (len(board._locks), len(board._tasks), len(board._slots)) == (0, 0, 0), ending
