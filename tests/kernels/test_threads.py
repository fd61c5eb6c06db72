from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rasa_randconn.kernels.threads import in_parallel


@pytest.fixture(autouse=True, params=[1, 4])
def cores(request, monkeypatch):
    """Numbers of cores that there seem to be."""
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda _: range(request.param), raising=False
    )
    return request.param


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_results_are_in_the_order_of_the_pieces(count):
    def square_later(piece):
        time.sleep(0.001 * (piece % 3))
        return piece**2

    assert in_parallel(square_later, range(count)) == [i**2 for i in range(count)]


@pytest.mark.parametrize("failing", [{0}, {1}, {19}, set(range(20))], ids=str)
def test_exceptions_reach_the_caller(failing):
    def fail(piece):
        time.sleep(0.001)
        if piece in failing:
            raise ValueError(f"Piece {piece} fails.")

    with pytest.raises(ValueError, match=r"Piece \d+ fails"):
        in_parallel(fail, range(20))
    assert in_parallel(str, [1, 2]) == ["1", "2"]


def test_nothing_runs_on_when_an_exception_reaches_the_caller():
    running = []

    def fail_or_run(piece):
        if piece < 3:
            raise ValueError
        running.append(piece)
        time.sleep(0.02)
        running.clear()

    for _ in range(10):
        with pytest.raises(ValueError):
            in_parallel(fail_or_run, range(4))
        assert not running


def test_pieces_run_at_the_same_time_if_there_are_cores(cores):
    both_run = threading.Barrier(min(cores, 2))
    in_parallel(lambda _: both_run.wait(timeout=10), [1, 2])


def test_the_number_of_threads_can_be_limited(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    threads = set()

    def note_thread(_):
        time.sleep(0.001)
        threads.add(threading.get_ident())

    in_parallel(note_thread, range(20))

    assert threads == {threading.get_ident()}


def test_several_threads_can_call_at_once():
    def add_up(count):
        return sum(in_parallel(lambda piece: time.sleep(0.001) or piece, range(count)))

    with ThreadPoolExecutor(8) as executor:
        sums = list(executor.map(add_up, range(16)))
    assert sums == [sum(range(count)) for count in range(16)]


def test_a_piece_can_have_pieces_of_its_own():
    def add_up(count):
        return sum(in_parallel(lambda piece: time.sleep(0.001) or piece, range(count)))

    counts = range(12)
    assert in_parallel(add_up, counts) == [sum(range(count)) for count in counts]


def test_a_forked_process_has_helpers_of_its_own(cores):
    in_parallel(str, [1, 2])
    context = multiprocessing.get_context("fork")
    both_run = context.Event()

    def meet():
        barrier = threading.Barrier(min(cores, 2))
        in_parallel(lambda _: barrier.wait(timeout=10), [1, 2])
        both_run.set()

    child = context.Process(target=meet)
    child.start()
    child.join(30)
    assert child.exitcode == 0 and both_run.is_set()
