"""What Python's async generators cost: the rows of runtime.c."""
import asyncio
import time
import tracemalloc

VALUES, TURNS, ROUNDS, CHAIN = 100_000, 20_000, 3, 8


async def ready(n):
    for i in range(n):
        yield i


class Settled:
    """Awaits of it go on at once: asyncio has no queue that they would pass."""

    def __await__(self):
        return
        yield


async def tick(n):
    settled = Settled()
    for i in range(n):
        await settled
        yield i


async def turn(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i


async def passes(source):
    async for value in source:
        yield value


def sync_ready(n):
    for i in range(n):
        yield i


def take(value):
    return value


async def measure(what, n, run):
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter_ns()
        await run(n)
        best = min(best, (time.perf_counter_ns() - begin) / n)
    print(f"{what}\t{best:.1f}", flush=True)


async def plain(n):
    for i in range(n):
        take(i)


async def sync(n):
    for value in sync_ready(n):
        pass


def loop(source):
    async def run(n):
        async for value in source(n):
            pass
    return run


async def queued(n):
    await asyncio.gather(loop(ready)(n // 2), loop(ready)(n // 2))


def chain(length):
    def source(n):
        result = ready(n)
        for _ in range(length):
            result = passes(result)
        return result
    return source


async def main():
    await measure("callback", VALUES, plain)
    await measure("sync", VALUES, sync)
    await measure("ready", VALUES, loop(ready))
    await measure("queued", VALUES, queued)
    await measure("tick", VALUES, loop(tick))
    await measure("turn", TURNS, loop(turn))
    for i in range(1, CHAIN + 1):
        await measure(f"chain{i}", VALUES // 5, loop(chain(i)))
    many, kept = 10_000, []
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(many):
        kept.append(ready(10))
        await kept[i].__anext__()
    print(f"generator_allocated\t{(tracemalloc.get_traced_memory()[0] - before) // many}")
    tracemalloc.stop()


asyncio.run(main())
