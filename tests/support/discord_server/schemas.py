"""A validator for the schemas of an OpenAPI 3.1 description that points at the field that is wrong.

jsonschema's own answer to a union is "not valid under any of the given schemas"; Discord's description is full of
unions that a `type` field tells apart, so here a union is first narrowed by it, and the complaints of the member
that fits best are passed on. Properties that a request's schema does not name are complaints too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

REF = "#/components/schemas/"


@dataclass(frozen=True)
class Complaint:
    """One field that is wrong: its path, the schema's keyword, for "unknown" the property's name.

    Two keywords are our own: "unknown", a property that the schema does not name, and "snowflake", one as a number.
    """

    where: str
    keyword: str
    what: str
    name: str = ""


class Schemas:
    """Validators for the routes of one description, compiled when a route is first seen."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._paths = description["paths"]
        self._schemas = description["components"]["schemas"]
        self._responses = description["components"]["responses"]
        self._strict = self._make_validator(strict=True)
        self._lenient = self._make_validator(strict=False)
        self._request_validator = lru_cache(None)(self._compile_request)
        self._answer_validator = lru_cache(None)(self._compile_answer)

    def request(self, method: str, template: str, body: Any, *, multipart: bool) -> list[Complaint]:
        """What is wrong with a request: its route, then its body. Files go in multipart requests only."""
        operation = self._paths.get(template, {}).get(method.lower())
        if operation is None:
            return [Complaint("", "route", "Discord's description has no such route")]
        content = operation.get("requestBody", {}).get("content", {})
        if multipart and "multipart/form-data" not in content:
            return [Complaint("", "content", "this route takes no files")]
        if body is None:
            return [Complaint("", "required", "a body is required")] if self._needs_body(operation) else []
        validator = self._request_validator(method, template)
        if validator is None:
            return [Complaint("", "content", "this route takes no body")]
        return [_complaint(error) for error in validator.iter_errors(body)]

    def answer(self, method: str, template: str, status: int, body: Any) -> list[Complaint]:
        """What is wrong with an answer: its status, then its body."""
        responses = self._paths.get(template, {}).get(method.lower(), {}).get("responses", {})
        if str(status) not in responses:
            return [Complaint("", "status", f"{status} is not among {sorted(responses)}")]
        validator = self._answer_validator(method, template, status)
        if validator is None:
            return [] if body is None else [Complaint("", "content", "this answer has no body")]
        return [_complaint(error) for error in validator.iter_errors(body)]

    def _needs_body(self, operation: dict[str, Any]) -> bool:
        return bool(operation.get("requestBody", {}).get("required"))

    def _compile_request(self, method: str, template: str) -> Validator | None:
        content = self._paths[template][method.lower()].get("requestBody", {}).get("content", {})
        schema = content.get("application/json", content.get("multipart/form-data", {})).get("schema")
        return None if schema is None else self._strict(schema)

    def _compile_answer(self, method: str, template: str, status: int) -> Validator | None:
        answer = self._paths[template][method.lower()]["responses"][str(status)]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        return None if schema is None else self._lenient(schema)

    def _make_validator(self, *, strict: bool) -> type[Validator]:
        schemas = self._schemas

        def ref(validator: Any, target: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
            yield from validator.descend(instance, schemas[target.removeprefix(REF)])

        def union(validator: Any, members: list[Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
            best: list[ValidationError] | None = None
            for member in _narrowed(members, instance, schemas):
                wrong = list(validator.descend(instance, member))
                if not wrong:
                    return
                if best is None or _badness(wrong) < _badness(best):
                    best = wrong
            yield from best or [ValidationError(f"{instance!r} is none of the choices")]

        def properties(validator: Any, known: dict[str, Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
            if not isinstance(instance, dict):
                return
            for name, value in instance.items():
                if name in known:
                    yield from validator.descend(value, known[name], path=name, schema_path=name)
                elif strict and "additionalProperties" not in schema:
                    yield ValidationError(f"unknown property {name!r}", validator="unknown", instance=name)

        keywords = {"$ref": ref, "oneOf": union, "anyOf": union, "properties": properties}
        made: type[Validator] = extend(Draft202012Validator, keywords)
        return made


def _narrowed(members: list[Any], instance: Any, schemas: dict[str, Any]) -> list[Any]:
    """The members of a union that the instance's `type`, or being null, leaves in question."""
    whole = [schemas[member["$ref"].removeprefix(REF)] if "$ref" in member else member for member in members]
    if instance is None:
        null = [member for member in whole if member.get("type") == "null"]
        return null or whole
    whole = [member for member in whole if member.get("type") != "null"]
    if isinstance(instance, dict) and "type" in instance:
        fitting = [member for member in whole if instance["type"] in _types(member)]
        return fitting or whole
    if all("const" in member for member in whole):
        return [member for member in whole if member["const"] == instance] or whole[:1]
    return whole


def _types(member: dict[str, Any]) -> list[Any]:
    """The values that `type` may have in this member of a union, [] where the schema does not say."""
    listed: list[Any] = member.get("properties", {}).get("type", {}).get("enum", [])
    return listed


def _badness(wrong: list[ValidationError]) -> tuple[int, int]:
    """How far off: complaints near the top count first, then their number."""
    return (-max(len(error.absolute_path) for error in wrong), len(wrong))


def _complaint(error: ValidationError) -> Complaint:
    where = "/".join(str(step) for step in error.absolute_path)
    is_snowflake = isinstance(error.schema, dict) and error.schema.get("format") == "snowflake"
    keyword = "snowflake" if is_snowflake and type(error.instance) is int else str(error.validator)
    name = str(error.instance) if keyword == "unknown" else ""
    return Complaint(where, keyword, error.message[:300], name)
