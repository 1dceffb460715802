"""The triggers: each decodes, makes one call, encodes. One function per route: keys are handed out per function."""

import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import azure.functions as func

if TYPE_CHECKING:
    from shared.api.http import Answer, Call
    from shared.composition import App

gc.set_threshold(100_000, 20, 100)  # imports make objects that stay: a collector that runs among them finds nothing

UNCALLED = 1.0  # seconds after which a worker gets warm; one that is called sooner has its imports from its call


class DeskApp(func.FunctionApp):
    """The app as a worker indexes it."""

    def get_functions(self) -> list[func.Function]:
        """The worker asks once, at its start."""
        timer = threading.Timer(UNCALLED, warm_up)
        timer.daemon = True
        timer.start()
        return list(super().get_functions())


def warm_up() -> None:
    """Ready for a first call that has not come yet."""
    from shared.composition.warm import warm_up as ready

    ready()


app = DeskApp(http_auth_level=func.AuthLevel.FUNCTION)


def desk() -> "App":
    """The app of this process; read on the first call, so that starting a worker costs no more than its triggers."""
    from shared.composition import app as built

    return built()


def _http(request: func.HttpRequest, act: "Callable[[], Callable[[Call], Answer]]") -> func.HttpResponse:
    from shared.api.http import Call, answered

    call = Call(
        path=dict(request.route_params),
        query=dict(request.params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_body(),
    )
    answer = answered(lambda given: act()(given), call)
    return func.HttpResponse(
        answer.body, status_code=answer.status, headers=dict(answer.headers), mimetype=answer.content_type
    )


@app.route("api/restores", methods=["POST"])
def request_restore(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.post_restore)


@app.route("api/restores", methods=["GET"])
def list_restores(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.list_restores)


@app.route("api/restores/{id}", methods=["GET"])
def get_restore(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.get_restore)


@app.route("api/restores/{id}/withdraw", methods=["POST"])
def withdraw_restore(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.withdraw)


@app.route("api/restores/{id}/again", methods=["POST"])
def restore_again(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.again)


@app.route("api/restores/{id}/resolve", methods=["POST"])
def resolve_restore(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.resolve)


@app.route("api/restores/{id}/notices/{n}/resend", methods=["POST"])
def resend_notice(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().api.resend)


@app.route("api/restores/{id}/keep", methods=["POST"])
def keep_container(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().aftercare_api.keep)


@app.route("api/restores/{id}/cleanup", methods=["POST"])
def clean_container(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().aftercare_api.cleanup)


@app.route("api/restores/{id}/verify", methods=["POST"])
def verify_restore(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().verification_api.verify)


@app.route("api/restores/{id}/verification", methods=["GET"])
def get_verification(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().verification_api.show)


@app.route("api/instances", methods=["GET"])
def list_instances(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().instances_api.list)


@app.route("api/instances/{instance}/recovery-points", methods=["GET"])
def list_recovery_points(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().instances_api.recovery_points)


@app.route("api/tickets/{source}", methods=["POST"])
def take_ticket(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().ticket_in.answer)


@app.route("api/dead-letters", methods=["GET"])
def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().dead_letters.answer)


@app.route("api/desk/pause", methods=["POST"])
def pause_desk(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().desk_api.pause)


@app.route("api/desk/resume", methods=["POST"])
def resume_desk(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().desk_api.resume)


@app.route("api/channels/{name}/test", methods=["POST"])
def check_channel(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().desk_api.channel_test)


@app.route("api/openapi.json", methods=["GET"])
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().contract)


@app.route("api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().health.answer)


# The page: who may see it is decided by the sign-in, not by a key. A GET never acts.
@app.route("desk/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def show_page(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().page.show)


@app.route("desk/{*path}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def act_on_page(req: func.HttpRequest) -> func.HttpResponse:
    return _http(req, lambda: desk().page.act)


@app.queue_trigger(arg_name="message", queue_name="restore-requests", connection="AzureWebJobsStorage")
def run_restore(message: func.QueueMessage) -> None:
    desk().queue_door.message(message.get_body(), message.id or "")


@app.queue_trigger(arg_name="message", queue_name="restore-requests-poison", connection="AzureWebJobsStorage")
def take_poison(message: func.QueueMessage) -> None:
    expires = message.expiration_time
    lasts = expires is None or expires.year > 9000  # a message without an end: 9999-12-31
    desk().queue_door.poison(message.get_body(), message.id or "", not lasts)


@app.queue_trigger(arg_name="message", queue_name="restore-verdicts", connection="AzureWebJobsStorage")
def take_verdict(message: func.QueueMessage) -> None:
    desk().verdicts.message(message.get_body())


@app.queue_trigger(arg_name="message", queue_name="restore-verdicts-poison", connection="AzureWebJobsStorage")
def take_verdict_poison(message: func.QueueMessage) -> None:
    desk().verdicts.poison(message.get_body())


@app.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False, use_monitor=True)
def sweep_restores(timer: func.TimerRequest) -> None:
    desk().upkeep.run()
