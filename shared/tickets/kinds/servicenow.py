"""ServiceNow: it does not sign; a ticket is a record of a table, named in a body of the customer's making. Pure."""

from shared.tickets.kind import Body, TicketKind, first_value, text_at


def ticket(body: Body) -> dict[str, str]:
    table, sys_id = text_at(body, "ticket", "table"), text_at(body, "ticket", "sys_id")
    ref = f"{table}/{sys_id}" if table and sys_id else ""
    return {"id": text_at(body, "ticket", "number") or sys_id, "ref": ref, "url": text_at(body, "ticket", "url")}


def ticket_in(text: str) -> Body:
    return {"ticket": {name: first_value(name, text) for name in ("table", "sys_id", "number")}}


KIND = TicketKind(ticket=ticket, ticket_in=ticket_in, channel="servicenow")
