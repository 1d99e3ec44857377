"""One file a verb; each declares its arguments, calls the engine, prints and exits."""
