"""Working minutes, counted one by one; writes working.csv and working_companies.csv beside itself. Python's own zoneinfo, no other package.

A stretch of work lasts from the first minute at which local clocks show its beginning, or a later time, to the first minute at which they
show its end. So each minute's local time is taken, and the minutes in which somebody works are counted.
"""

import datetime as dt
import random
from pathlib import Path
from zoneinfo import ZoneInfo

UTC = dt.timezone.utc
MINUTE = dt.timedelta(minutes=1)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NINE = "09:00-18:00"

# zone, week from Monday, holidays, dates with hours of their own, first day, days
COMPANIES = {
    "tuesday": ("Europe/Berlin", ["off", "08:00-17:00"] + ["off"] * 5, [], {}, "2024-07-25", 30),
    "zammad": ("Europe/Berlin", ["09:00-21:00"] * 7, ["2016-11-11", "2016-11-13"], {}, "2016-11-05", 20),
    "lunch": ("Europe/Moscow", ["09:00-13:00, 14:00-18:00"] * 5 + ["off"] * 2, ["2026-02-23"],
              {"2026-02-14": "10:00-15:00", "2026-02-20": "09:00-13:00, 14:00-17:00", "2026-02-21": "18:00-24:00"}, "2026-02-09", 21),
    "night": ("Europe/Berlin", ["22:00-06:00"] * 7, ["2025-03-28"], {"2025-04-01": "23:30-00:30"}, "2025-03-24", 14),
    "night_back": ("Europe/Berlin", ["22:00-06:00"] * 7, [], {"2025-10-27": "off"}, "2025-10-20", 14),
    "round": ("America/New_York", ["00:00-24:00"] * 5 + ["off"] * 2, [], {}, "2025-10-27", 14),
    "skipped_hour": ("Europe/Berlin", ["01:00-02:30, 02:30-04:00, 12:00-13:00"] * 7, [], {}, "2025-03-26", 10),
    "doubled_hour": ("Europe/Berlin", ["01:00-02:30, 02:30-04:00, 12:00-13:00"] * 7, [], {}, "2025-10-22", 10),
    "no_midnight": ("America/Sao_Paulo", ["00:00-08:00, 20:00-24:00"] * 7, [], {}, "2018-10-30", 10),
    "half_zone": ("Asia/Kolkata", ["09:15-17:45"] * 6 + ["off"], [], {"2025-08-17": "fri"}, "2025-08-10", 14),
    "mixed": ("Asia/Vladivostok", [NINE, "22:00-06:00", "08:00-17:00, 22:00-06:00", "07:00-24:00", "00:00-24:00", "off", "20:00-08:00"],
              ["2025-05-01", "2025-05-09"], {"2025-05-03": "mon", "2025-05-10": "09:00-18:00"}, "2025-04-25", 25),
}
random = random.Random(20261128)


def spans(text, week):
    if text in DAYS:
        return spans(week[DAYS.index(text)], week)
    pairs = [] if text == "off" else [part.strip().split("-") for part in text.split(",")]
    minutes = lambda time: int(time[:2]) * 60 + int(time[3:])
    return [(minutes(a), minutes(b) + (1440 if minutes(b) <= minutes(a) else 0)) for a, b in pairs]


companies, lines = ["company;zone;week;holidays;dates"], ["company;from;to;minutes;due;open"]
for name, (zone, week, holidays, dates, first, days) in COMPANIES.items():
    zone, first = ZoneInfo(zone), dt.date.fromisoformat(first)
    start = dt.datetime(first.year, first.month, first.day, tzinfo=UTC) - dt.timedelta(days=2)
    minutes = [start + at * MINUTE for at in range((days + 4) * 1440)]
    local = [at.astimezone(zone).replace(tzinfo=None) for at in minutes]
    works = [False] * len(minutes)
    for day in (first - dt.timedelta(days=3) + dt.timedelta(days=at) for at in range(days + 6)):
        text = dates.get(str(day), "off" if str(day) in holidays else week[day.weekday()])
        for begin, end in spans(text, week):
            midnight = dt.datetime(day.year, day.month, day.day)
            shown = [next((at for at, time in enumerate(local) if time >= midnight + edge * MINUTE), len(minutes)) for edge in (begin, end)]
            for at in range(*shown):
                works[at] = True
    counted = [0]
    for at in works:
        counted.append(counted[-1] + at)
    written = "|".join(week), " ".join(holidays), "|".join(f"{day}={text}" for day, text in dates.items())
    companies.append(";".join([name, str(zone), *written]))
    # the first and last days of the stretch are left alone: work may run into them from outside
    inside = range(2 * 1440, len(minutes) - 2 * 1440)
    changes = [at for at in inside if works[at] != works[at - 1]]
    for number in range(60):
        a, b = sorted((random.choice(changes) + random.choice((-1, 0, 1)) if number % 3 else random.choice(inside)) for _ in range(2))
        worked = counted[b] - counted[a]
        due = next(at for at in range(a, len(minutes)) if counted[at] - counted[a] >= worked)
        show = lambda at: minutes[at].strftime("%Y-%m-%dT%H:%M:%SZ")
        cells = [name, show(a), show(b), str(worked), show(due), str(works[a]).lower()]
        lines.append(";".join(cells))
for file, rows in (("working_companies.csv", companies), ("working.csv", lines)):
    (Path(__file__).parent / file).write_text("\n".join(rows) + "\n")
