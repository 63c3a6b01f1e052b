#!/usr/bin/env python3
"""Python's peers of TinyWorker: ThreadPoolExecutor and ProcessPoolExecutor of the standard library, with four workers.

The same questions as the benchmark classes with the same names, and the same kind of table. Functions are trivial.
Every row is the median of its rounds; the rows of a table take turns.

    python3 TinyWorker.Benchmarks/peers.py [--json FILE]
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import platform
import statistics
import time

WORKERS = 4
ROUNDS = 5
MANY = 20_000           # tasks of a round on threads
MANY_PROCESSES = 5_000  # tasks of a round in processes
FEW = 1_000             # tasks of a round, one at a time

COLUMNS = [
    {"name": "ns/item", "format": "F1"},
    {"name": "min", "format": "F1"},
    {"name": "max", "format": "F1"},
    {"name": "Ratio", "format": "F2"},
    {"name": "tasks/s", "format": "N0"},
]


def next_of(x):
    return x + 1


def submit(executor, count):
    futures = [executor.submit(next_of, i) for i in range(count)]
    return sum(future.result() for future in futures)


def one_at_a_time(executor, count):
    return sum(executor.submit(next_of, i).result() for i in range(count))


def map_all(executor, count, chunk=1):
    return sum(executor.map(next_of, range(count), chunksize=chunk))


def measure(title, count, peers):
    """The first of the peers is the baseline. Each is (name, function of the count)."""
    expected = count * (count + 1) // 2
    times = {name: [] for name, _ in peers}
    for turn in range(-1, ROUNDS):
        for name, run in peers:
            started = time.perf_counter_ns()
            total = run(count)
            elapsed = time.perf_counter_ns() - started
            if total != expected:
                raise SystemExit(f"{name}: the sum is {total}, not {expected}")
            if turn >= 0:  # the first turn starts the workers
                times[name].append(elapsed / count)
    baseline = times[peers[0][0]]
    rows = []
    for index, (name, _) in enumerate(peers):
        mine = times[name]
        median = statistics.median(mine)
        ratio = statistics.median(a / b for a, b in zip(mine, baseline))
        row = {"name": name, "values": [median, min(mine), max(mine), ratio, 1e9 / median]}
        if index == 0:
            row["isBaseline"] = True
        rows.append(row)
    table = {"title": title, "columns": COLUMNS, "rows": rows}
    show(table)
    return table


def show(table):
    print()
    print(f"{table['title']:<46} " + " ".join(f"{column['name']:>11}" for column in table["columns"]))
    for row in table["rows"]:
        name = ("* " if row.get("isBaseline") else "  ") + row["name"]
        texts = (
            f"{value:>11,.{0 if column['format'] == 'N0' else int(column['format'][1:])}f}"
            for value, column in zip(row["values"], table["columns"])
        )
        print(f"{name:<46} " + " ".join(texts))


def start():
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter_ns()
        with concurrent.futures.ProcessPoolExecutor(WORKERS) as executor:
            if executor.submit(next_of, 1).result() != 2:
                raise SystemExit("the first result is wrong")
            times.append((time.perf_counter_ns() - started) / 1e6)
    row = {"name": "ProcessPoolExecutor", "values": [statistics.median(times), min(times), max(times)], "isBaseline": True}
    table = {
        "title": "Python: four processes to the first result",
        "columns": [{"name": name, "format": "F1"} for name in ("ms", "min", "max")],
        "rows": [row],
    }
    show(table)
    return table


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the tables to this file, too")
    options = parser.parse_args()
    started = datetime.datetime.now(datetime.timezone.utc)
    with (
        concurrent.futures.ThreadPoolExecutor(WORKERS) as threads,
        concurrent.futures.ProcessPoolExecutor(WORKERS) as processes,
    ):
        tables = [
            measure("Python: many, threads", MANY, [
                ("ThreadPoolExecutor, submit", lambda count: submit(threads, count)),
                ("ThreadPoolExecutor, map", lambda count: map_all(threads, count)),
            ]),
            measure("Python: many, processes", MANY_PROCESSES, [
                ("ProcessPoolExecutor, submit", lambda count: submit(processes, count)),
                ("ProcessPoolExecutor, map", lambda count: map_all(processes, count)),
                ("ProcessPoolExecutor, map, chunks of 100", lambda count: map_all(processes, count, 100)),
            ]),
            measure("Python: one at a time", FEW, [
                ("ThreadPoolExecutor", lambda count: one_at_a_time(threads, count)),
                ("ProcessPoolExecutor", lambda count: one_at_a_time(processes, count)),
            ]),
        ]
    tables.append(start())
    if options.json:
        result = {
            "command": "peers.py",
            "started": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "machine": f"{processor()}, {os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
            "tables": tables,
        }
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2, ensure_ascii=False)
            file.write("\n")


if __name__ == "__main__":
    main()
