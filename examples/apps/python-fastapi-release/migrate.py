"""Brings the database's schema up to date; safe to run again."""

STEPS = ("create table notes", "add column author")


def main() -> None:
    for step in STEPS:
        print(f"migration: {step}", flush=True)


if __name__ == "__main__":
    main()
