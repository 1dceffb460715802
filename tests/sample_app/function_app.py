"""A small app that uses each thing the local host runs; what its functions saw goes to the file that WITNESS names."""

import json
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


def saw(**what: object) -> None:
    with Path(os.environ["WITNESS"]).open("a") as file:
        file.write(json.dumps(what) + "\n")


@app.route("echo/{name}/{number:int?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "header": req.headers.get("X-Note"),
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(
        json.dumps(seen), mimetype="application/json", headers={"X-Name": req.route_params["name"]}
    )


@app.route("teapot", auth_level=func.AuthLevel.ANONYMOUS)
async def teapot(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse(bytes(range(256)), status_code=418, mimetype="application/octet-stream")
    answer.headers.add("Set-Cookie", "one=1; Path=/a; HttpOnly")
    answer.headers.add("Set-Cookie", "two=2; Secure; SameSite=Lax")
    return answer


@app.route("boom", auth_level=func.AuthLevel.ANONYMOUS)
def boom(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("boom was called")


@app.route("locked")
def locked(req: func.HttpRequest) -> str:
    return "open"


@app.route("vault", auth_level=func.AuthLevel.ADMIN)
def vault(req: func.HttpRequest) -> str:
    return "open"


@app.route("pass-on", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="%WORK%", connection="Work")
def pass_on(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="msg", queue_name="%WORK%", connection="Work")
def work(msg: func.QueueMessage) -> None:
    body = msg.get_body().decode()
    saw(
        function="work",
        id=msg.id,
        body=body,
        count=msg.dequeue_count,
        receipt=bool(msg.pop_receipt),
        inserted=str(msg.insertion_time),
        expires=str(msg.expiration_time),
        visible=str(msg.time_next_visible),
    )
    if body.startswith("sleep"):
        time.sleep(float(body.removeprefix("sleep")))
        saw(function="work", woke=body)
    if body.startswith("fail"):
        raise ValueError("told to fail")


@app.queue_trigger(arg_name="msg", queue_name="%WORK%-poison", connection="Work")
async def work_poison(msg: func.QueueMessage) -> None:
    saw(function="work_poison", body=msg.get_body().decode(), count=msg.dequeue_count)


@app.timer_trigger(arg_name="timer", schedule="%TICK%")
def tick(timer: func.TimerRequest) -> None:
    status = getattr(timer, "schedule_status", None)  # absent from the declared type, present on the real one
    saw(function="tick", past_due=timer.past_due, status=status)
