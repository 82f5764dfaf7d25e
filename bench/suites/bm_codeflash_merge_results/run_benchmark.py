"""codeflash merging what pytest reports with what the instrumented functions recorded.

For each round of tests, ``merge_test_results`` joins the results of the XML report (did the test
pass?) and of the binary file (what did the function return, how long did it take?). One call here
merges three kinds of test: one report for several recorded calls, one report for each call, and
parametrised tests without call numbers. Nothing is cached between calls.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyperf
from codeflash.models.models import FunctionTestInvocation, InvocationId, TestResults, TestType
from codeflash.verification.parse_test_output import merge_test_results

LOOPS = 3
TESTS = 25
"""Tests of each kind."""
CALLS = 3
"""Recorded calls of the function in one test."""

Pair = tuple[list[FunctionTestInvocation], list[FunctionTestInvocation]]


def invocation(loop: int, test: str, call: str | None, *, passed: bool) -> FunctionTestInvocation:
    """Return a result without what only one of the two sources knows."""
    return FunctionTestInvocation(
        loop_index=loop,
        id=InvocationId("tests.test_quotes", None, test, "quote_shipment", call),
        file_name=Path("tests/test_quotes.py"),
        did_pass=passed,
        runtime=None,
        test_framework="pytest",
        test_type=TestType.EXISTING_UNIT_TEST,
        return_value=None,
        timed_out=False,
    )


def recorded(loop: int, test: str, call: int) -> FunctionTestInvocation:
    """Return a result as the binary file has it."""
    plain = invocation(loop, test, f"{call}_0", passed=True)
    return replace(plain, runtime=1000 + call, return_value=((call, test), {}, loop))


def one_report(loop: int, number: int) -> Pair:
    """Return a test that is reported once; every third one fails."""
    test = f"test_whole_{number}"
    passed = number % 3 != 0
    report = invocation(loop, test, None, passed=passed)
    return [report], [recorded(loop, test, call) for call in range(CALLS)]


def report_for_each_call(loop: int, number: int) -> Pair:
    """Return a test whose report knows its calls."""
    test = f"test_calls_{number}"
    found = [recorded(loop, test, call) for call in range(CALLS)]
    reports = [invocation(loop, test, f"{call}_0", passed=True) for call in range(CALLS)]
    return reports, found


def parametrised(loop: int, number: int) -> Pair:
    """Return a parametrised test: its reports have parameters, its records have numbers."""
    test = f"test_parameters_{number}"
    reports = [invocation(loop, f"{test}[{n}]", None, passed=True) for n in range(CALLS)]
    return reports, [recorded(loop, test, call) for call in range(CALLS)]


def build_results() -> tuple[TestResults, TestResults]:
    """Return the two sides that are merged."""
    reported, found = TestResults(), TestResults()
    for loop in range(1, LOOPS + 1):
        for kind in (one_report, report_for_each_call, parametrised):
            for number in range(TESTS):
                reports, records = kind(loop, number)
                for result in reports:
                    reported.add(result)
                for result in records:
                    found.add(result)
    return reported, found


def check(merged: TestResults) -> None:
    """Refuse to time a merge that loses or mixes something up."""
    results = merged.test_results
    if len(results) != 3 * LOOPS * TESTS * CALLS:
        msg = f"{len(results)} results, expected {3 * LOOPS * TESTS * CALLS}"
        raise RuntimeError(msg)
    for result in results:
        test, call = result.id.test_function_name, int(result.id.iteration_id.split("_")[0])
        kind, number = test.rsplit("_", 1)
        passed = kind != "test_whole" or int(number) % 3 != 0
        known = (result.did_pass, result.runtime, result.return_value)
        if known != (passed, 1000 + call, ((call, test), {}, result.loop_index)):
            msg = f"{test}, call {call}: merged as {known}"
            raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    reported, found = build_results()
    check(merge_test_results(reported, found, "pytest"))
    runner = pyperf.Runner()
    runner.metadata["description"] = f"codeflash: merge {len(found.test_results)} test results"
    runner.bench_func("codeflash_merge_results", merge_test_results, reported, found, "pytest")


if __name__ == "__main__":
    main()
