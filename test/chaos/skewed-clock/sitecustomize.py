# Python imports it before anything else when its folder is in PYTHONPATH: shows Synapse a clock that is wrong by
# CHAOS_CLOCK_SKEW_S seconds. Events get their origin_server_ts from it.
import os
import time

_system_time = time.time
_skew_s = float(os.environ["CHAOS_CLOCK_SKEW_S"])
time.time = lambda: _system_time() + _skew_s
