"""The classes that the golden vectors' values were of: with them Python reads every vector that holds one."""


class Opaque:
    def __init__(self, v):
        self.v = v

    def __repr__(self):
        return '<Opaque %r>' % (self.v,)


class CustomError(Exception):
    pass


class Outer:
    class InnerError(Exception):
        pass
