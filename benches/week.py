"""Splits exports into those of a week ago and what a CRM would export of the week since.

    python3 week.py EXPORTS DAY BEFORE WEEK

Into the folder BEFORE go the exports as they were on the morning of DAY (YYYY-MM-DD): events, changes, spend and deals from before it, deals closed
since open again, in the stage in which they then stood. Into WEEK go the events, changes and spend since, and the deals that were made or that
anything happened to, as they are now. Exports that do not change (clients, staff, promotions, plans) go into both.
"""

import csv
import datetime
import os
import shutil
import sys

exports, day, before, week = sys.argv[1:5]
cut = datetime.date.fromisoformat(day)
OPEN = "не закрыта"


def is_before(text):
    """Whether a date as the exports write it lies before the day; what is no date stands where it stood, before."""
    try:
        return datetime.date(int(text[6:10]), int(text[3:5]), int(text[:2])) < cut
    except ValueError:
        return True


def split_lines(name, date_of):
    """Divides the rows of an export that has no line breaks within its cells; gives those of the week."""
    later = []
    with open(f"{exports}/{name}", encoding="utf-8") as rows, open(f"{before}/{name}", "w", encoding="utf-8") as kept:
        header = next(rows)
        kept.write(header)
        for row in rows:
            if is_before(date_of(row)):
                kept.write(row)
            else:
                later.append(row)
    if later:
        with open(f"{week}/{name}", "w", encoding="utf-8") as out:
            out.write(header)
            out.writelines(later)
    return later


for folder in (before, week):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in ("mapping.toml", "clients.csv", "staff.csv", "promos.csv", "plans.csv"):
        shutil.copy(f"{exports}/{name}", f"{folder}/{name}")

touched, stood = set(), {}
for name in sorted(name for name in os.listdir(exports) if name.startswith("events_")):
    if int(name[7:11]) < cut.year:
        shutil.copy(f"{exports}/{name}", f"{before}/{name}")
    else:
        touched.update(row.split(";", 4)[3] for row in split_lines(name, lambda row: row.split(";", 2)[1]))
touched.update(row.split(";", 3)[2] for row in split_lines("changes.csv", lambda row: row.split(";", 2)[1]))
touched.discard("")
split_lines("spend.csv", lambda row: row.split(";", 1)[0])

# in which stage the deals that moved stood
moments = {}
for name in sorted(name for name in os.listdir(before) if name.startswith("events_")):
    with open(f"{before}/{name}", encoding="utf-8") as rows:
        for row in rows:
            cells = row.split(";")
            if len(cells) > 9 and cells[2] == "Стадия" and cells[3] in touched:
                at = cells[1][6:10] + cells[1][3:5] + cells[1][:2] + cells[1][11:]
                if at >= moments.get(cells[3], ""):
                    moments[cells[3]], stood[cells[3]] = at, cells[9]

with open(f"{exports}/deals.csv", encoding="utf-8-sig", newline="") as rows:
    reader = csv.DictReader(rows, delimiter=";")
    with open(f"{before}/deals.csv", "w", encoding="utf-8-sig", newline="") as old, open(
        f"{week}/deals.csv", "w", encoding="utf-8-sig", newline=""
    ) as new:
        writers = []
        for out in (old, new):
            writers.append(csv.DictWriter(out, reader.fieldnames, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n"))
            writers[-1].writeheader()
        for deal in reader:
            is_old = is_before(deal["Дата создания"])
            was_open = deal["Дата закрытия"] == OPEN or is_before(deal["Дата закрытия"])
            if deal["ID"] in touched or not is_old or not was_open:
                writers[1].writerow(deal)
            if is_old:
                if deal["ID"] in stood:
                    deal["Стадия сделки"] = stood[deal["ID"]]
                if not was_open:
                    deal.update({"Дата закрытия": OPEN, "Сделка закрыта": "Нет", "Акция": "", "Причина отказа": ""})
                writers[0].writerow(deal)
