"""stub until written"""


def build_demo(settings, say):
    raise NotImplementedError
