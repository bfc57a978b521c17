#!/usr/bin/env python3
"""Reads the jobs of a Leviathan folder: every job's state, computed from journal and snapshot alone.

    python3 read_store.py ~/.leviathan/jobs

Prints {"jobs": [...], "findings": [...]}, the jobs in the order in which they were added. It follows docs/on-disk-format.md, changes
nothing, takes no lock, and needs nothing but Python.
"""
import gzip
import itertools
import json
import os
import re
import sys
import zlib

STATUSES = ("pending", "active", "completed", "failed")
# Which states each record may meet; docs/state-machine.md.
ALLOWED = {
    "start": ("pending",), "complete": ("active",), "skip": ("pending",), "await": ("active",), "retry": ("active", "failed"), "fail": ("pending", "active"),
    "release": ("active",), "report": ("active",), "checkpoint": ("active",), "step": ("active",), "cancel": ("active",), "edit": ("pending",),
    "restore": ("pending", "failed"),
    "remove": ("pending", "completed", "failed"), "refuse": STATUSES,
}
MAX_LOGS, MAX_ERRORS = 100, 20
HOLE = "there are zeros where a line should be"


class Damaged(Exception):
    """A file that is not as it was written."""


def lines_of(data):
    """(meta, body text) of each whole line; (None, what is wrong) of the bytes between two of them that are none."""
    for whole, items in itertools.groupby(pieces_of(data), key=lambda item: item[0] is not None):
        items = list(items)
        yield from items if whole else [max(items, key=lambda item: item[1] == HOLE)]


def pieces_of(data):
    """As lines_of, but what is no line comes in pieces."""
    for line in data.split(b"\n")[:-1]:
        hole = line.rfind(b"\0") + 1
        if hole:
            yield None, HOLE
            if hole == len(line):
                continue
            line = line[hole:]
        crc, _, content = line.partition(b"\t")
        if not re.fullmatch(rb"[0-9a-f]{8}", crc) or int(crc, 16) != zlib.crc32(content):
            yield None, "a line does not match its checksum"
        else:
            meta, _, body = content.partition(b"\t")
            yield json.loads(meta), body.decode("utf-8")
    if not data.endswith(b"\n"):
        yield None, "the last line has no end"


def read_snapshot(path):
    """(jobs by id, from, to); Damaged when the snapshot is not whole."""
    jobs, count, info = {}, 0, {}
    with open(path, "rb") as file:
        data = file.read()
    for meta, body in lines_of(data):
        if meta is None:
            raise Damaged(body)
        if meta["op"] == "job":
            jobs[meta["job"]["id"]] = entry_of(meta["job"], meta["seq"], meta["last"], body)
            count += 1
        elif meta["op"] == "result":
            jobs[meta["id"]]["result"] = json.loads(body)
        elif meta["op"] in ("snapshot", "end"):
            info[meta["op"]] = meta
    if info.get("snapshot", {}).get("format") != 1 or info.get("end", {}).get("jobs") != count:
        raise Damaged("its end is missing")
    return jobs, info["snapshot"]["from"], info["end"]["to"]


def read_segment(folder, first, names):
    """(lines, whether it could be read to its end, up to where it proves the journal to have been on the device).

    Where both files stand, the compressed one counts only if the plain one is damaged and it is not.
    """
    found = []
    for name in sorted(names):  # The plain one comes first.
        data, fault = b"", []
        try:
            with (gzip.open if name.endswith(".gz") else open)(os.path.join(folder, name), "rb") as file:
                while piece := file.read(4096):
                    data += piece
        except (OSError, EOFError, zlib.error) as error:
            fault = [(None, f"{name} cannot be read any further: {error}")]
        lines = list(lines_of(data)) + fault
        header = (lines[0][0] if lines else None) or {}
        is_header = header.get("op") == "segment" and header.get("format") == 1 and header.get("first") == first
        lines = lines[1:] if is_header else [(None, f"{name} does not begin with its header")] + lines
        proof = max(synced_in(lines), first - 1 if header.get("sealed") else 0)
        found.append((any(meta is None for meta, _ in lines), len(found), (lines, not fault, proof)))
    return min(found, key=lambda item: item[:2])[2]


def synced_in(lines):
    """The newest record that these lines prove to have been on the device."""
    return max((meta.get("synced", 0) for meta, _ in lines if meta), default=0)


def last_missing(behind, expected, limit):
    """The last record that a hole took, as the first one behind it tells."""
    last = next((meta["seq"] - 1 for meta, _ in behind if meta and "seq" in meta), expected)
    return max(expected, min(last, sys.maxsize if limit is None else limit - 1))


def records_from(folder, start, seen, vouched, findings):
    """Every record that counts, from number `start` on, and those before it in the same segment.

    A snapshot has seen those up to `seen`; any snapshot, a damaged one too, proves those up to `vouched`.
    """
    segments = {}
    for name in os.listdir(folder):
        match = re.fullmatch(r"(\d{16})\.ndjson(\.gz)?", name)
        if match:
            segments.setdefault(int(match[1]), []).append(name)
    firsts = sorted(segments)
    firsts = firsts[max((i for i, first in enumerate(firsts) if first <= start), default=0):]
    contents = [read_segment(folder, first, segments[first]) for first in firsts]
    expected = min([start] + firsts[:1])
    if firsts and firsts[0] - 1 > max([seen, vouched] + [proof for _, _, proof in contents]):
        findings.append(f"the journal ends before record {expected}: the first segment is {firsts[0]}, and nothing proves those before it")
        return
    for n, (limit, first) in enumerate(zip(firsts[1:] + [None], firsts)):
        if first > expected:
            findings.append(f"records {expected} to {first - 1} are missing")
        lines, is_whole, _ = contents[n]
        behind = max((proof for _, _, proof in contents[n + 1:]), default=0) if is_whole else sys.maxsize
        expected, batch, faults, proven = max(expected, first), [], [], start - 1
        for i, (meta, body) in enumerate(lines + [(None, None)]):
            seq = meta and meta.get("seq")
            proven = max(proven, synced_in([(meta, body)]))
            if limit is not None and (expected >= limit if seq is None else seq >= limit):
                yield from batch
                break  # Given up when the next segment was made.
            at_end = meta is None and i >= len(lines) - 1
            ends_early = limit is None or (limit > seen + 1 and behind < max(expected, proven + 1) < limit)
            missing = last_missing(lines[i + 1:], expected, limit)
            if (at_end and ends_early) or (body == HOLE and missing > max(proven, behind, synced_in(lines[i + 1:]))):
                if limit is not None or body or batch:
                    faults.append(f"the journal ends before record {expected} ({body or 'a batch or segment has no end'})")
                findings.extend(f"{first:016}: {fault}" for fault in faults)
                return
            if seq is not None and seq < expected:
                faults.append(f"record {seq} comes again")
                continue
            if seq != expected:
                if seq or body:
                    faults.append(f"records {expected} to {seq - 1} are missing" if seq else body)
                yield from batch  # What stands in front of a hole was whole once.
                batch = []
            if seq is not None:
                expected = seq + 1
                batch.append((meta, body))
                if not meta.get("more"):
                    yield from batch
                    batch = []
        findings.extend(f"{first:016}: {fault}" for fault in faults)


def entry_of(head, seq, last, body):
    """A job as the replay keeps it: the head's fields under their names, absent ones with their defaults."""
    defaults = {"status": "pending", "order": seq, "rev": 1, "attempt": 0, "retries": 0, "runAt": 0, "run": {}}
    return {**defaults, **head, "seq": seq, "last": last, "data": json.loads(body)}


def apply(jobs, record, body):
    """What one record does. False: it does not fit the job."""
    op, seq, at = record["op"], record["seq"], record["at"]
    if op in ("pause", "worker", "define", "fire"):
        return True
    if op == "add":
        head = record["job"]
        if head["id"] in jobs:
            return False
        job = jobs[head["id"]] = entry_of({"created": at, "updated": head.get("created", at), **head}, seq, seq, body)
        if "result" in record:
            job["result"] = json.loads(record["result"])
        return True
    job = jobs.get(record["id"])
    if job is None:
        return False
    if seq <= job["last"]:
        return True  # In the snapshot already.
    if job["status"] not in ALLOWED[op]:
        return False
    if op == "refuse":
        return True
    if op == "remove":
        del jobs[record["id"]]
        return True
    change(job, job["run"], record, body)
    job.update(last=seq, updated=at, rev=job["rev"] + 1)
    return True


def change(job, run, record, body):
    op, seq, at = record["op"], record["seq"], record["at"]
    if "ageing" in job and (op in ("retry", "release", "await") or op == "edit" and record["patch"].keys() & {"priority", "runAt"}):
        job["agedAt"] = at  # A step of ageing brings its own.
    if op == "start":
        job.update(status="active", attempt=job["attempt"] + 1, runAt=0)
        run.update(token=seq, worker=record["worker"], started=at, progress=0)
        run.pop("detail", None)
        run.pop("stuck", None)
    elif op == "complete":
        job["status"] = "completed"
        job.pop("result", None)
        if body:
            job["result"] = json.loads(body)
        end_attempt(run, True)
        run.update(finished=at, progress=100)
    elif op == "skip":
        job.update(status="completed", runAt=0)
        end_attempt(run, True)
        run.update(finished=at, skipped=True)
    elif op == "retry":
        job.update(status="pending", runAt=record.get("runAt", 0), retries=job["retries"] + 1)
        end_attempt(run, record["cause"] != "crashed")
        add_error(run, record)
        if record["cause"] == "crashed":
            run["crashes"] = run.get("crashes", 0) + 1
        if record.get("held"):
            run["held"] = True
        if record["cause"] == "manual":
            job["attempt"] = 0
            if job.get("expiresAt", at + 1) <= at:
                job.pop("expiresAt")
            job.pop("result", None)
            for key in ("crashes", "finished", "reason"):
                run.pop(key, None)
    elif op == "fail":
        job.update(status="failed", runAt=0)
        end_attempt(run, not (record.get("crashed") or record.get("taken")))
        run.update(finished=at, reason=record["reason"])
        run.pop("held", None)
        if record.get("crashed"):
            run["crashes"] = run.get("crashes", 0) + 1
        add_error(run, record)
    elif op == "release":
        job.update(status="pending", attempt=job["attempt"] - 1, runAt=record.get("runAt", 0))
        end_attempt(run, not record.get("taken"))
    elif op == "await":
        job.update(status="pending", attempt=job["attempt"] - 1)
        end_attempt(run, True)
        policy = {"onChildFailed": record["onChildFailed"]} if "onChildFailed" in record else {}
        job["children"] = job.get("children", []) + [{"name": record["name"], "ids": record["children"], **policy}]
    elif op == "report":
        run.update({key: record[key] for key in ("progress", "detail", "stuck") if key in record})
        if "logs" in record:
            run["logs"] = (run.get("logs", []) + record["logs"])[-MAX_LOGS:]
    elif op == "checkpoint":
        run["checkpoint"] = json.loads(body)
    elif op == "step":
        done = {"name": record["name"], "at": iso(at), **({"result": json.loads(body)} if body else {})}
        run["steps"] = run.get("steps", []) + [done]
    elif op == "cancel":
        run["cancelling"] = True
    elif op == "restore":
        was = record["job"]
        job.update({key: was.get(key, 0) for key in ("runAt", "attempt", "retries")})
        job.update({key: was[key] for key in ("status", "priority", "order", "maxAttempts")})
        for fields, keys in ((job, ("timeout", "expiresAt", "agedAt", "backoff", "tags")), (run, ("finished", "reason", "crashes", "held"))):
            for key in keys:
                fields.pop(key, None)
                fields.update({key: was[key]} if key in was else {})
        if "errors" in was:
            run["errors"] = was["errors"]
        if body:
            job["data"] = json.loads(body)
    elif op == "edit":
        for key, value in record["patch"].items():
            if key == "runAt":
                job["runAt"] = value or 0
            elif key == "held":
                run.pop("held", None)
            elif value is None or value == []:
                job.pop(key, None)
            else:
                job[key] = value
        if body:
            job["data"] = json.loads(body)


def end_attempt(run, by_settlement):
    token = run.pop("token", None)
    run.pop("cancelling", None)
    if token is not None:
        run.pop("settled", None)
        if by_settlement:
            run["settled"] = token


def add_error(run, record):
    if "error" in record:
        run["errors"] = (run.get("errors", []) + [record["error"]])[-MAX_ERRORS:]


def iso(ms):
    """ECMAScript's Date.prototype.toISOString; Python's dates end with the year 9999."""
    days, ms = divmod(int(ms), 86_400_000)
    era, day = divmod(days + 719_468, 146_097)  # From 1 March of the year 0.
    year_of_era = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year_of_era + year_of_era // 4 - year_of_era // 100
    month = (5 * day + 2) // 153
    year = era * 400 + year_of_era + (month > 9)
    day, month = day - (153 * month + 2) // 5 + 1, month + (3 if month < 10 else -9)
    text = f"{year:04}" if 0 <= year <= 9999 else f"{year:+07}"
    return f"{text}-{month:02}-{day:02}T{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}Z"


def shown(job):
    """The job as its file shows it, keys in the file's order."""
    run = job["run"]
    metadata = {"retries": job["retries"], "progress": run.get("progress", 0)}
    metadata.update({key: run[key] for key in ("detail",) if key in run})
    metadata.update(logs=run.get("logs", []), errors=run.get("errors", []))
    metadata.update({key: run[key] for key in ("crashes", "stuck") if run.get(key)})
    metadata.update({key: run[key] for key in ("checkpoint", "steps") if key in run})
    fields = {**{key: run[key] for key in ("worker", "cancelling", "held", "skipped", "reason") if run.get(key)}, **job, "metadata": metadata}
    for key, source in (("created", job), ("updated", job), ("runAt", job), ("expiresAt", job), ("agedAt", job), ("started", run), ("finished", run)):
        if source.get(key) is not None and not (key == "runAt" and source[key] == 0):
            fields[key] = iso(source[key])
        else:
            fields.pop(key, None)
    order = ("id type status priority created updated data metadata rev order runAt attempt maxAttempts maxCrashes backoff timeout "
             "retryFor expiresAt ageing agedAt deadLetter onCrash dependsOn onParentFailed parent children key group needs tags deadLetterOf trace "
             "started finished worker cancelling held skipped result reason").split()
    return {key: fields[key] for key in order if key in fields}


def read_store(root):
    folder, findings = os.path.join(root, "journal"), []
    jobs, start, until = {}, 0, 0
    snapshots = sorted((n for n in os.listdir(folder) if re.fullmatch(r"snapshot-\d{16}\.ndjson", n)), reverse=True)
    for name in snapshots:
        try:
            jobs, start, until = read_snapshot(os.path.join(folder, name))
            break
        except Damaged as fault:
            findings.append(f"{name}: {fault}")
    last = start
    vouched = max((int(name[9:25]) for name in snapshots), default=0)
    for record, body in records_from(folder, start + 1, until, vouched, findings):
        last = max(last, record["seq"])
        if record["seq"] > start and not apply(jobs, record, body) and record["seq"] > until:
            findings.append(f"record {record['seq']} ({record['op']}) does not fit its job")
    if last < until:
        findings.append(f"the journal ends at record {last}, the snapshot has seen {until}")
    return [shown(job) for job in sorted(jobs.values(), key=lambda job: job["seq"])], findings


if __name__ == "__main__":
    found, faults = read_store(sys.argv[1])
    json.dump({"jobs": found, "findings": faults}, sys.stdout)
