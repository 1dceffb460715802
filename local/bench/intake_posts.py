"""A worker of one release that takes POSTs from several callers at once; its last line is what they took.

Started as a file, without its own folder on the path: nothing is imported but the release's own modules.
"""

import json
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

FIRST = 20  # calls before the clock starts: a worker's first ones import


def main(release: str, callers: str, posts: str) -> None:
    sys.path.insert(0, release)
    os.chdir(release)
    import azure.functions as func

    import function_app

    logging.disable(logging.CRITICAL)
    functions = {one.get_function_name(): one.get_user_function() for one in function_app.app.get_functions()}
    body = json.dumps({"instance": "pg-prod-01", "target": "drills", "requestedBy": "bench@contoso.com"}).encode()

    def post(number: int) -> None:
        headers = {"content-type": "application/json", "idempotency-key": f"bench-{number}"}
        asked = func.HttpRequest("POST", "https://desk/api/restores", headers=headers, body=body)
        answer = functions["request_restore"](req=asked)
        if answer.status_code != 202:
            raise RuntimeError(f"{answer.status_code}: {answer.get_body().decode()[:500]}")

    with ThreadPoolExecutor(int(callers)) as pool:
        list(pool.map(post, range(FIRST)))
        began, used, all_ = time.perf_counter(), time.process_time(), int(posts)
        list(pool.map(post, range(FIRST, FIRST + all_)))
        seconds, cpu = time.perf_counter() - began, time.process_time() - used
    sys.stdout.write(json.dumps({"perSecond": all_ / seconds, "cpuMs": cpu / all_ * 1000}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # threads of either release may wait for what never comes
