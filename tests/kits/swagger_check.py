"""A small checker of JSON against a Swagger 2 definition: references, inheritance, discriminators, unknown names."""

from typing import Any

Definitions = dict[str, dict[str, Any]]


def faults(value: Any, schema: dict[str, Any], definitions: Definitions, at: str = "$") -> list[str]:
    """What is wrong with a value; each line says where. A null is no value, as in Azure's answers."""
    if value is None:
        return []
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name:
        return faults(value, concrete(name, value, definitions), definitions, at)
    if "properties" in schema or "allOf" in schema:
        return of_object(value, schema, definitions, at)
    if schema.get("type") == "array":
        items = schema.get("items", {})
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [fault for i, one in enumerate(value) for fault in faults(one, items, definitions, f"{at}[{i}]")]
    return of_scalar(value, schema, at)


def concrete(name: str, value: Any, definitions: Definitions) -> dict[str, Any]:
    """The definition that the discriminator names, where the named one has one."""
    base = definitions[name]
    said = value.get(base.get("discriminator", "")) if isinstance(value, dict) else None
    for found in definitions.values():
        if said and found.get("x-ms-discriminator-value") == said:
            return found
    return base


def of_object(value: Any, schema: dict[str, Any], definitions: Definitions, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    properties, required = flattened(schema, definitions)
    found = [f"{at}.{name} is missing" for name in required if value.get(name) is None]
    for name, part in value.items():
        if name in properties:
            found += faults(part, properties[name], definitions, f"{at}.{name}")
        else:
            found.append(f"{at}.{name} is not in the definition")
    return found


def flattened(schema: dict[str, Any], definitions: Definitions) -> tuple[dict[str, Any], set[str]]:
    """Properties and required names, with the inherited ones."""
    properties, required = dict(schema.get("properties", {})), set(schema.get("required", []))
    for base in schema.get("allOf", []):
        more, due = flattened(definitions[base["$ref"].rsplit("/", 1)[-1]], definitions)
        properties, required = {**more, **properties}, required | due
    return properties, required


def of_scalar(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict}
    kind = kinds.get(schema.get("type", ""))
    if kind and not isinstance(value, kind):  # type: ignore[arg-type]
        return [f"{at} is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at} is {value!r}, none of {', '.join(schema['enum'])}"]
    return []
