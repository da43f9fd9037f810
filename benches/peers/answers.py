"""What the peers' scripts share: how an answer is written and timed, so that compare.py can set them side by side."""

import csv
import datetime
import decimal
import json
import os
import time

# what the exports call the stages, in the order of the funnel, and what the regulation calls them
STAGES = {
    "Новая": "new",
    "Контакт": "contacted",
    "Квалификация": "qualified",
    "Предложение": "proposal",
    "Переговоры": "negotiation",
    "Сделка успешна": "won",
    "Сделка провалена": "lost",
}
# the columns of each answer; those before the bar are its key
COLUMNS = {
    "funnel": "source stage | reached reached_in_order lost remaining",
    "time_in_stage": "stage | entered left median_hours p90_hours",
    "lead_quality": "contractor | leads valid qualified won lost open price_driven answered median_response_minutes",
    "promo_clients": "kind | clients revenue",
    "payback": "campaign month age | leads spend revenue margin cumulative_margin",
    "touch_hazard": "touch | deals won_next harm_next",
    "retention": "month age | clients retained revenue",
    "revenue_weekly": "week | won revenue promo new repeat",
}


def key_and_values(name):
    """The key columns of an answer, and the others."""
    key, values = COLUMNS[name].split("|")
    return key.split(), values.split()


def cell(value):
    """A value as text: the same text whichever engine it came from."""
    if value is None:
        return ""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()[:10]
    if isinstance(value, decimal.Decimal):
        return f"{value:.2f}"
    if isinstance(value, float):
        return f"{value:.6f}"
    return str(value)


class Asked:
    """The folder of a run's answers."""

    def __init__(self, folder):
        self.folder = folder
        self.seconds = {}
        os.makedirs(folder, exist_ok=True)

    def answer(self, name, ask):
        """Asks a question, times it, and writes its rows, which come in the order of COLUMNS."""
        begun = time.monotonic()
        rows = ask()
        self.seconds[name] = round(time.monotonic() - begun, 3)
        key, values = key_and_values(name)
        lines = sorted([cell(value) for value in row] for row in rows)
        with open(os.path.join(self.folder, f"{name}.csv"), "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(key + values)
            writer.writerows(lines)

    def finish(self):
        """Writes how long each question took within the process."""
        with open(os.path.join(self.folder, "seconds.json"), "w", encoding="utf-8") as out:
            json.dump(self.seconds, out, indent=1)
