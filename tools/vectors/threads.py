from .writing import Files


def files() -> Files:
    return {}
