"""What a learner's function shows stays out of the notebook and is told in a line; its memory is bounded."""

import logging
import sys
import threading

import numpy as np
import pytest

from learning_to_act.checks import check
from learning_to_act.checks import quiet as quietly
from learning_to_act.checks.attempt import Budget, attempt

pytestmark = pytest.mark.slow  # subprocesses, kernels, pictures or long runs in nearly every test


def test_what_a_wrong_answer_prints_is_shown_in_one_line(capsys):
    def softmax(logits):
        print("shape", np.shape(logits))
        print()
        for i in range(3):
            print("step", i)
        return logits * 2 + 1

    message = check(softmax).message
    assert message.splitlines()[-1] == 'It printed, on "three logits": shape (3,) | step 0 | step 1 ...'
    assert capsys.readouterr() == ("", "")


def test_a_right_answer_that_prints_is_told_that_it_is_not_shown():
    def corridor_value(p_right):
        print(p_right)
        return (2 * p_right - 4) / (p_right * (1 - p_right))

    assert check(corridor_value).passed and check(corridor_value).message.endswith(
        "What your function printed is not shown."
    )


def test_figures_are_left_out_and_closed_and_so_are_log_lines(capsys):
    plt = pytest.importorskip("matplotlib.pyplot")
    kept = plt.figure()

    def softmax(logits):
        plt.figure()
        plt.plot([1, 2])
        plt.show()
        logging.getLogger("learner").error("a line for the log")
        return logits * 0

    try:
        message = check(softmax).message
        assert "The figures and bars that your function shows are left out" in message and "loop" not in message
        assert 'It printed, on "three logits": a line for the log' in message
        assert plt.get_fignums() == [kept.number] and capsys.readouterr() == ("", "")
    finally:
        plt.close(kept)


def test_displays_of_ipython_are_left_out():
    """`display`, progress bars and widgets go by IPython's display formatter and publisher."""
    shells = pytest.importorskip("IPython.core.interactiveshell")
    from IPython.display import HTML, clear_output, display

    shell, published = shells.InteractiveShell.instance(), []
    real = shell.display_pub.publish
    shell.display_pub.publish = lambda *args, **kwargs: published.append(args)
    try:

        def softmax(logits):
            display(HTML("<b>bar</b>"))
            clear_output()
            return logits * 0

        assert "figures and bars" in check(softmax).message and not published
        display(HTML("<b>mine</b>"))
        assert len(published) == 1  # afterwards all is as it was
    finally:
        shell.display_pub.publish = real
        shells.InteractiveShell.clear_instance()


def test_only_the_thread_that_checks_is_quiet(capsys):
    inside, said = threading.Event(), threading.Event()

    def softmax(logits):
        print("of the learner")
        inside.set()
        said.wait()
        return logits * 0

    result = []
    thread = threading.Thread(target=lambda: result.append(check(softmax)))
    thread.start()
    inside.wait()
    print("of the notebook")
    said.set()
    thread.join()
    assert capsys.readouterr().out == "of the notebook\n" and "of the learner" in result[0].message


@pytest.mark.skipif(sys.platform != "linux", reason="no limit on memory here")
def test_memory_is_bounded_and_given_back(monkeypatch):
    import resource

    monkeypatch.setattr(quietly, "ROOM", 2**28)
    before = resource.getrlimit(resource.RLIMIT_AS)

    def crumbs():
        kept = []
        while True:
            kept.append(float(len(kept)))

    outcome = attempt(crumbs, (), Budget(60))
    assert outcome.kind == "raised" and outcome.error == "MemoryError" and "line" in outcome.detail
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert attempt(lambda: np.ones(10**6).sum(), (), Budget(5)).parts[0] == 10**6
