"""Works until it is asked to stop; with `--once` one round."""

import signal
import sys
import threading

stop = threading.Event()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    rounds = 0
    while not stop.is_set():
        rounds += 1
        print(f"worked, round {rounds}", flush=True)
        if "--once" in sys.argv:
            return
        stop.wait(5)


if __name__ == "__main__":
    main()
