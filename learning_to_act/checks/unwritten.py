"""`with example:` around a call of a function that may not be written yet:
then one line says so, and Run All goes on."""

STUB = "your code goes here"  # what tools/make/exercises.py leaves in the place of an answer


class Example:
    """Says that a function is not written yet where it says so itself; every other error passes as it is."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if not isinstance(error, NotImplementedError) or str(error) not in ("", STUB):
            return False
        notebook = trace.tb_frame.f_globals
        while trace.tb_next:
            trace = trace.tb_next
        if trace.tb_frame.f_globals is not notebook:  # a library's own: an error like any other
            return False
        print(f"{trace.tb_frame.f_code.co_name} is not written yet.")
        return True


example = Example()
