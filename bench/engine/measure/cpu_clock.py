"""Run a pyperf script with a clock that counts this thread's CPU time instead of wall time.

Started in the subject's interpreter, in place of the script: `python cpu_clock.py SCRIPT OPTION …`.
In a duet both workers share one core, so wall time would count the other one's turns. pyperf looks
`time.perf_counter` up when it starts a measurement, which is public behaviour of neither: the test
`test_cpu_clock` fails when a new pyperf stops doing so.
"""

import runpy
import sys
import time

if __name__ == "__main__":
    time.perf_counter = time.thread_time
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
