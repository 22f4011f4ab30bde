"""A bar comes where something lasts, and only there."""

import tqdm.std

import policy_gradient as pg


def test_bars_stay_away_from_what_is_quick_and_come_when_it_lasts(capsys, monkeypatch):
    clock = [100.0]

    def task(seconds):
        return lambda rng: clock.__setitem__(0, clock[0] + seconds)

    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(tqdm.std, "time", lambda: clock[0])
    pg.run_seeds(task(0.6), range(3))
    assert capsys.readouterr().err == ""
    pg.run_seeds(task(0.8), range(4))
    assert "seeds" in capsys.readouterr().err
