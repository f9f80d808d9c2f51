"""A thread works ahead: everything arrives in order, errors too, and it ends when nobody takes."""

import threading

import pytest

from mag_sandbox.sandbox.export.video import ahead


def test_items_arrive_in_order():
    with ahead(iter(range(100)), 4) as items:
        assert list(items) == list(range(100))


def test_what_goes_wrong_is_raised_where_items_are_taken():
    def broken():
        yield 1
        raise ValueError("torn")

    with ahead(broken(), 4) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="torn"):
            next(items)


def test_it_goes_no_further_ahead_than_it_may():
    made = []

    def numbers():
        for number in range(1000):
            made.append(number)
            yield number

    with ahead(numbers(), 3) as items:
        for number in items:
            assert len(made) <= number + 1 + 3 + 2  # waiting, in hand, and being made
            if number == 50:
                break


def test_the_thread_ends_when_nobody_takes_any_more():
    def forever():
        while True:
            yield 0

    with ahead(forever(), 2) as items:
        next(items)
    assert all(not thread.name.startswith("ahead") for thread in threading.enumerate())
