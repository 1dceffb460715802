"""No answer of the desk is kept by a cache or guessed at by a browser."""

from shared.api.http import Answer, Call, answered, json_answer
from shared.domain.problems import Ours, Problem, Trouble


def failing(error: Exception) -> Answer:
    def act(call: Call) -> Answer:
        raise error

    return answered(act, Call())


def test_every_answer_says_no_store_and_nosniff() -> None:
    answers = [failing(error) for error in (Problem(404, "a", "b"), Ours("c"), Trouble("d"), RuntimeError("e"))]
    answers.append(answered(lambda call: json_answer(202, {}, Location="/x"), Call()))
    assert {answer.status for answer in answers} == {404, 503, 500, 202}
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answers[-1].headers["Location"] == "/x"
