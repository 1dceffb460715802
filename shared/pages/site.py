"""The page's two doors: a GET shows, a POST acts; nobody passes whom the sign-in does not know."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from shared.api.http import PROBLEM, Answer, Call, answered
from shared.config.settings import Settings
from shared.domain.problems import Ours, Problem
from shared.frozen import frozen
from shared.pages import acts, ask, instance_pages, overview, restore_list, restore_page
from shared.pages.access import STATUS, Closed, person_of, same_site
from shared.pages.templates import HEADERS, page, stylesheet
from shared.pages.tokens import Tokens
from shared.pages.visit import Ports, Shown, Visit

type View = Callable[[Ports, Visit], Shown | Answer]
VIEWS: Mapping[str, View] = {
    "": overview.overview,
    "restores": restore_list.restores,
    "instances": instance_pages.instances,
    "ask": ask.ask,
    "ask/confirm": ask.confirm,
    "dead-letters": overview.dead_letters,
    "channels": overview.channels,
}
PLACES = (("restores/", restore_page.restore), ("instances/", instance_pages.instance))  # with one more word


@frozen
class Site:
    """`show` and `act` of /desk…"""

    ports: Ports
    settings: Settings
    tokens: Tokens

    def show(self, call: Call) -> Answer:
        """GET: a page, the stylesheet, or why there is none."""
        if _path(call) == "style.css":
            return stylesheet()
        return self._html(answered(self._shown, call), call)

    def act(self, call: Call) -> Answer:
        """POST: one act of one person, answered 303."""
        return self._html(answered(self._acted, call), call)

    def _shown(self, call: Call) -> Answer:
        try:
            visit = self._visit(call)
        except Closed as closed:
            return _closed(closed)
        found = _view(visit.path)(self.ports, visit)
        if isinstance(found, Answer):
            return found
        values = {"visit": visit, "token": lambda path: self.ports.token(visit.person, path), **found.values}
        return page(found.template, found.status, found.refresh, **values)

    def _acted(self, call: Call) -> Answer:
        try:
            visit = self._visit(call)
        except Closed as closed:
            return _closed(closed)
        if not same_site(call.headers, self.settings.public_url):
            words = "the form did not come from a page of this desk; open the page again and repeat it"
            raise Problem(403, "Nothing was done", words)
        form = visit.form()
        if not self.tokens.good(form.get("token", ""), visit.person, visit.path, visit.now):
            words = "the form is not yours, or older than 12 hours; open the page again and repeat it"
            raise Problem(403, "Nothing was done", words)
        location = ask.asked(self.ports, visit, form) if visit.path == "ask/confirm" else acts.act(
            self.ports, visit, form
        )  # fmt: skip
        return Answer(303, b"", {**HEADERS, "Location": location})

    def _visit(self, call: Call) -> Visit:
        try:
            desk = self.ports.parts.read_desk()
        except Ours as error:  # who may see the page stands there; its faults are for those who may
            raise Closed("desk.toml") from error
        person = person_of(call.headers, self.settings.principals, desk)
        return Visit(person, desk, _path(call), call, self.ports.parts.now())

    def _html(self, answer: Answer, call: Call) -> Answer:
        """Problems become pages, too."""
        if answer.content_type != PROBLEM:
            return answer
        said = json.loads(answer.body)
        shown = page("problem.html", answer.status, title=said["title"], detail=said["detail"],
                     field=said.get("field"), path=_path(call))  # fmt: skip
        return replace(shown, headers={**answer.headers, **shown.headers})


def _path(call: Call) -> str:
    return call.path.get("path", "").strip("/")


def _view(path: str) -> View:
    if path in VIEWS:
        return VIEWS[path]
    if acts.place(path):
        return acts.form
    for head, view in PLACES:
        if path.startswith(head) and "/" not in path.removeprefix(head):
            return view
    raise Problem(404, "There is no such page", f"/desk/{path[:100]} is no page of this desk")


def _closed(closed: Closed) -> Answer:
    return page("closed.html", STATUS[closed.why], why=closed.why, name=closed.name)
