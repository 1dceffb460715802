"""What the desk asks of its table and queues: a short restore, an idle sweep, the list of instances; in a process alone.

Counted at the store's and the queue's own methods, one for each call to Azure: what is billed as a transaction.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.bench.contender import cpu_seconds
from local.bench.sweep import parts_over, vaults
from local.stack.memory import MemoryStore
from shared.api.http import Call
from shared.api.instances import InstancesApi
from shared.config.desk_reader import DeskReader
from shared.config.plans import Ground
from shared.domain.clouds import PUBLIC
from shared.domain.events import ValidationStarted
from shared.domain.restore import Phase
from shared.domain.values import iso
from shared.notices.notifier import Notifier
from shared.storage import row_keys, vault_directory
from shared.storage.shared_state import Board
from shared.storage.store import Change, Row
from shared.storage.wake_queue import QueueState, look
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.sweep import Sweep
from shared.sweep.timer import Upkeep
from shared.workflow.ports import Parts
from shared.workflow.workflow import Workflow

INSTANCES, POINTS, VAULTS = 109, 14, 200
