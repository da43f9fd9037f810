"""The eight report questions, by Polars: lazy queries on its streaming engine.

    eight_polars.py load EXPORTS FOLDER                exports → Parquet files of its own
    eight_polars.py ask FOLDER ANSWERS AS_OF           the eight questions of those files
    eight_polars.py ask-store STORE ANSWERS AS_OF      the same of the Parquet files of a Voronka store

Words that recur are Enums or Categoricals, and events lie in a file per kind, so that a question reads the kinds that it asks for. As many
threads as there are cores.
"""

import datetime
import os
import shutil
import sys

import polars as pl
from answers import STAGES, Asked
from store_files import data_files

FUNNEL = ["new", "contacted", "qualified", "proposal", "negotiation", "won"]
KINDS = {
    "Стадия": "stage",
    "Звонок": "call",
    "Письмо": "email",
    "Чат": "message",
    "Встреча": "meeting",
    "Рассылка": "mailing",
    "Отказ": "refusal",
    "Жалоба": "complaint",
    "Отписка": "opt_out",
    "Возврат": "refund",
    "Дело": "task",
    "КП": "offer",
    "Проверка ОКК": "qa_check",
}
ANSWERS = ["call", "email", "sms", "message"]
HARMS = ["refusal", "opt_out", "complaint"]
REASONS = {
    "Дубль": "duplicate",
    "Спам": "spam",
    "Неверный номер": "wrong_number",
    "Дорого": "expensive",
    "Дешевле у других": "competitor_price",
    "Не нужно": "no_need",
    "Не отвечает": "no_answer",
    "Выбрал других": "competitor",
    "Отложил": "postponed",
}
MONEY = pl.Decimal(18, 2)


def exported(paths, schema):
    return pl.scan_csv(paths, separator=";", schema=schema, extra_columns="ignore", null_values=["", "не закрыта"])


def moment(name):
    return pl.col(name).str.to_datetime("%d.%m.%Y %H:%M:%S", strict=False)


def money(name):
    return pl.col(name).str.replace(",", ".", literal=True).cast(MONEY)


def named(name, words):
    return pl.col(name).replace_strict(words, return_dtype=pl.Enum(list(words.values())), default=None)


def text(*names):
    return dict.fromkeys(names, pl.String)


def load(exports, folder):
    """Exports into Parquet; duplicates by key are kept once, as Voronka keeps them."""
    os.makedirs(folder)
    schema = {
        "ID": pl.Int64,
        **text("Название сделки", "Воронка", "Стадия сделки", "Сумма", "Сумма до скидки", "Себестоимость"),
        "ID контакта": pl.Int64,
        **text("Ответственный", "Филиал", "Источник", "Подрядчик", "Кампания", "Дата создания", "Дата закрытия", "Сделка закрыта"),
        **text("Акция", "Интерес", "Причина отказа"),
    }
    status = {"Сделка успешна": "won", "Сделка провалена": "lost"}
    deals = (
        exported(f"{exports}/deals.csv", schema)
        .filter(pl.col("Название сделки").ne_missing("Итого"))
        .select(
            pl.col("ID").alias("deal_id"),
            pl.col("ID контакта").alias("client_id"),
            pl.col("Воронка").cast(pl.Categorical).alias("pipeline"),
            named("Стадия сделки", STAGES).alias("stage"),
            pl.col("Стадия сделки")
            .replace_strict(status, default="open", return_dtype=pl.Enum(["open", "won", "lost"]))
            .alias("status"),
            pl.col("Ответственный").cast(pl.Categorical).alias("manager"),
            pl.col("Филиал").cast(pl.Categorical).alias("branch"),
            pl.col("Источник").cast(pl.Categorical).alias("source"),
            pl.col("Подрядчик").cast(pl.Categorical).alias("contractor"),
            pl.col("Кампания").cast(pl.Categorical).alias("campaign"),
            moment("Дата создания").alias("created_at"),
            moment("Дата закрытия").alias("closed_at"),
            money("Сумма").alias("amount"),
            money("Сумма до скидки").alias("list_amount"),
            money("Себестоимость").alias("cost"),
            pl.col("Акция").cast(pl.Categorical).alias("promo"),
            pl.col("Интерес").replace({"Цена": "price", "Товар": "product", "Консультация": "consult"}).cast(pl.Categorical).alias("interest"),
            named("Причина отказа", REASONS).alias("lost_reason"),
            pl.col("Название сделки").cast(pl.Categorical).alias("product"),
        )
        .filter(pl.col("created_at").is_not_null())
        .unique("deal_id", keep="any")
    )
    deals.sink_parquet(f"{folder}/deals.parquet")
    schema = {
        "ID": pl.String,
        **text("Дата", "Тип"),
        "Сделка": pl.Int64,
        "Контакт": pl.Int64,
        **text("Сотрудник", "Куда", "Итог"),
        "Секунд": pl.Int32,
        **text("Стадия", "Балл"),
    }
    events = (
        exported(f"{exports}/events_*.csv", schema)
        .select(
            pl.col("ID").alias("event_id"),
            moment("Дата").alias("at"),
            named("Тип", KINDS).cast(pl.String).alias("kind"),
            pl.col("Сделка").alias("deal_id"),
            pl.col("Контакт").alias("client_id"),
            pl.col("Сотрудник").cast(pl.Categorical).alias("manager"),
            named("Куда", {"исх": "outgoing", "вх": "incoming"}).alias("direction"),
            pl.col("Итог").cast(pl.Categorical).alias("outcome"),
            pl.col("Секунд").alias("duration_s"),
            named("Стадия", STAGES).alias("stage"),
            pl.col("Балл").cast(pl.Categorical).alias("score"),
        )
        .filter(pl.col("at").is_not_null())
    )
    events.sink_parquet(pl.PartitionBy(f"{folder}/events", key="kind"), mkdir=True)
    schema = {
        **text("Дата", "Площадка", "Подрядчик", "Кампания"),
        "Показы": pl.Int64,
        "Клики": pl.Int64,
        "Расход (руб.)": pl.String,
        "Конверсии": pl.Int64,
        "Заказы": pl.Int64,
        "Доход (руб.)": pl.String,
    }
    spend = (
        exported(f"{exports}/spend.csv", schema)
        .filter(pl.col("Дата").ne_missing("Итого"))
        .select(
            pl.col("Дата").str.to_date("%d.%m.%Y").alias("day"),
            pl.col("Площадка").cast(pl.Categorical).alias("source"),
            pl.col("Подрядчик").cast(pl.Categorical).alias("contractor"),
            pl.col("Кампания").cast(pl.Categorical).alias("campaign"),
            pl.col("Показы").alias("impressions"),
            pl.col("Клики").alias("clicks"),
            money("Расход (руб.)").alias("cost"),
            pl.col("Конверсии").alias("claimed_leads"),
            pl.col("Заказы").alias("claimed_orders"),
            money("Доход (руб.)").alias("claimed_revenue"),
        )
    )
    spend.sink_parquet(f"{folder}/spend.parquet")


def own_tables(folder):
    deals = pl.scan_parquet(f"{folder}/deals.parquet")
    events = pl.scan_parquet(f"{folder}/events/", hive_partitioning=True)
    return deals, events, pl.scan_parquet(f"{folder}/spend.parquet")


def store_tables(store):
    """The files of the store's newest version. The company's hours are Moscow's, three hours ahead of UTC all these years."""

    def local(*names):
        return [pl.col(name).dt.replace_time_zone(None).dt.offset_by("3h") for name in names]

    deals, events, spend = (pl.scan_parquet(data_files(store, table)) for table in ("deals", "events", "spend"))
    return deals.with_columns(local("created_at", "closed_at")), events.with_columns(local("at")), spend


def months_between(begin, end):
    return (end.dt.year() - begin.dt.year()) * 12 + (end.dt.month() - begin.dt.month()).cast(pl.Int32)


class Questions:
    """The questions as lazy frames, with their columns in the order of answers.COLUMNS."""

    def __init__(self, deals, events, spend, as_of):
        self.as_of = as_of
        self.deals = deals
        self.spend = spend.filter(pl.col("day") < as_of.date())
        self.events = events.filter(pl.col("at") < as_of)

    def entries(self):
        """The first entry of each deal into each stage."""
        first = [pl.col("at").filter(pl.col("stage") == stage).min().alias(f"t{nth}") for nth, stage in enumerate(FUNNEL, 1)]
        lost = pl.col("at").filter(pl.col("stage") == "lost").min().alias("lost_at")
        return self.events.filter(pl.col("kind") == "stage").group_by("deal_id").agg(*first, lost)

    def funnel(self):
        t = [pl.col(f"t{nth}") for nth in range(1, 7)]
        won = pl.col("status") == "won"
        furthest = (
            pl.when(won | t[5].is_not_null())
            .then(6)
            .when(t[4].is_not_null())
            .then(5)
            .when(t[3].is_not_null())
            .then(4)
            .when(t[2].is_not_null())
            .then(3)
            .when(t[1].is_not_null())
            .then(2)
            .otherwise(1)
        )
        in_order = (
            pl.when(pl.all_horizontal(moment.is_null() for moment in t))
            .then(1)
            .when(t[0].is_null())
            .then(0)
            .when(t[1].is_null() | (t[1] < t[0]))
            .then(1)
            .when(t[2].is_null() | (t[2] < t[1]))
            .then(2)
            .when(t[3].is_null() | (t[3] < t[2]))
            .then(3)
            .when(t[4].is_null() | (t[4] < t[3]))
            .then(4)
            .when(won | (t[5] >= t[4]))
            .then(6)
            .otherwise(5)
        )
        counted = (
            self.deals.select("deal_id", "source", "status")
            .join(self.entries(), on="deal_id", how="left")
            .select(
                pl.col("source").cast(pl.String).fill_null(""),
                pl.col("status").cast(pl.String),
                furthest.alias("furthest"),
                in_order.alias("in_order"),
            )
            .group_by("source", "status", "furthest", "in_order")
            .len("deals")
        )
        stages = pl.LazyFrame({"nth": range(1, 7), "stage": FUNNEL})
        deals, nth = pl.col("deals"), pl.col("nth")
        here = (pl.col("furthest") == nth) & (nth < 6)
        return (
            counted.join(stages, how="cross")
            .group_by("source", "stage")
            .agg(
                deals.filter(pl.col("furthest") >= nth).sum().alias("reached"),
                deals.filter(pl.col("in_order") >= nth).sum().alias("reached_in_order"),
                deals.filter(here & (pl.col("status") == "lost")).sum().alias("lost"),
                deals.filter(here & (pl.col("status") == "open")).sum().alias("remaining"),
            )
        )

    def time_in_stage(self):
        # a stay lasts from the first entry to the first entry into any later stage, to the loss, or to the closing
        closed = self.entries().join(self.deals.select("deal_id", "closed_at"), on="deal_id")
        stays = []
        for nth, stage in enumerate(FUNNEL[:-1], 1):
            since, onward = pl.col(f"t{nth}"), pl.min_horizontal(f"t{later}" for later in range(nth + 1, 7))
            lost = pl.when(pl.col("lost_at") >= since).then(pl.col("lost_at"))
            stays.append(
                closed.filter(since.is_not_null() & (onward.is_null() | (onward >= since))).select(
                    pl.lit(stage).alias("stage"),
                    ((pl.min_horizontal(onward, lost, "closed_at") - since).dt.total_seconds() / 3600).alias("hours"),
                )
            )
        hours = pl.col("hours")
        return (
            pl.concat(stays)
            .group_by("stage")
            .agg(
                pl.len().alias("entered"),
                hours.count().alias("left"),
                hours.quantile(0.5, "linear").alias("median_hours"),
                hours.quantile(0.9, "linear").alias("p90_hours"),
            )
        )

    def lead_quality(self):
        answers = pl.col("kind").is_in(ANSWERS) & (pl.col("direction") == "outgoing")
        worked = (
            self.events.filter(pl.col("kind").is_in(["stage", *ANSWERS]))
            .group_by("deal_id")
            .agg(
                pl.col("at").filter(answers).min().alias("answered_at"),
                pl.col("stage").is_in(FUNNEL[2:]).any().alias("is_qualified"),
            )
        )
        status, reason = pl.col("status"), pl.col("lost_reason")
        lost_for = lambda *reasons: ((status == "lost") & reason.is_in(reasons)).fill_null(False)
        price = (pl.col("interest") == "price").fill_null(False)
        minutes = (pl.col("answered_at") - pl.col("created_at")).dt.total_seconds() / 60
        return (
            self.deals.join(worked, on="deal_id", how="left")
            .group_by(pl.col("contractor").cast(pl.String).fill_null(""))
            .agg(
                pl.len().alias("leads"),
                (~lost_for("duplicate", "spam", "wrong_number")).sum().alias("valid"),
                ((status == "won") | pl.col("is_qualified").fill_null(False)).sum().alias("qualified"),
                (status == "won").sum().alias("won"),
                (status == "lost").sum().alias("lost"),
                (status == "open").sum().alias("open"),
                (pl.col("promo").is_not_null() | price | lost_for("expensive", "competitor_price")).sum().alias("price_driven"),
                pl.col("answered_at").count().alias("answered"),
                minutes.quantile(0.5, "linear").alias("median_response_minutes"),
            )
        )

    def wins(self):
        return self.deals.filter((pl.col("status") == "won") & (pl.col("closed_at") < self.as_of))

    def promo_clients(self):
        promoted = pl.col("promoted")
        kind = pl.when(promoted == pl.col("won")).then(pl.lit("promo_only")).when(promoted == 0).then(pl.lit("never"))
        return (
            self.wins()
            .filter(pl.col("client_id").is_not_null())
            .group_by("client_id")
            .agg(pl.col("promo").count().alias("promoted"), pl.len().alias("won"), pl.col("amount").sum().alias("revenue"))
            .group_by(kind.otherwise(pl.lit("mixed")).alias("kind"))
            .agg(pl.len().alias("clients"), pl.col("revenue").sum())
        )

    def payback(self):
        # leads of ways on which money was spent, by month of arrival and whole months until the win
        way = ["source", "contractor", "campaign"]
        words = [pl.col(name).cast(pl.String) for name in way]
        ways = self.spend.filter(pl.col("cost") > 0).select(words).unique()
        month = pl.col("created_at").dt.truncate("1mo").dt.date()
        earned = (
            self.deals.with_columns(words)
            .join(ways, on=way, how="semi")
            .group_by(
                "campaign",
                month.alias("month"),
                pl.when(pl.col("status") == "won").then(months_between(pl.col("created_at"), pl.col("closed_at"))).alias("age"),
            )
            .agg(
                pl.len().alias("deals"),
                pl.col("amount").sum().alias("revenue"),
                (pl.col("amount") - pl.col("cost")).sum().alias("margin"),
            )
        )
        arrived = earned.group_by("campaign", "month").agg(pl.col("deals").sum().alias("leads"))
        spent = self.spend.group_by(pl.col("campaign").cast(pl.String), pl.col("day").dt.truncate("1mo").alias("month")).agg(
            pl.col("cost").sum().alias("spend")
        )
        last = pl.lit((self.as_of - datetime.timedelta(days=1)).date())
        none = pl.lit(0).cast(MONEY)
        return (
            arrived.join(spent, on=["campaign", "month"], how="full", coalesce=True)
            .with_columns(age=pl.int_ranges(0, months_between(pl.col("month"), last) + 1, dtype=pl.Int32))
            .explode("age")
            .join(earned.drop("deals"), on=["campaign", "month", "age"], how="left")
            .sort("campaign", "month", "age")
            .select(
                "campaign",
                "month",
                "age",
                pl.col("leads").fill_null(0),
                "spend",
                pl.col("revenue").fill_null(none),
                pl.col("margin").fill_null(none),
                pl.col("margin").fill_null(none).cum_sum().over("campaign", "month").alias("cumulative_margin"),
            )
        )

    def touch_hazard(self):
        # the k-th touch of each deal that was open and unharmed when it came
        kind, at, next_at = pl.col("kind"), pl.col("at"), pl.col("next_at")
        touched = (kind.is_in(ANSWERS) & (pl.col("direction") == "outgoing")) | (kind == "meeting")
        touches = (
            self.events.filter(touched & pl.col("deal_id").is_not_null())
            .select("deal_id", "at")
            .group_by("deal_id")
            .agg(at.sort())
            .with_columns(next_at=pl.col("at").list.shift(-1), touch=pl.int_ranges(1, pl.col("at").list.len() + 1))
            .explode("at", "next_at", "touch")
        )
        harms = self.events.filter(kind.is_in(HARMS)).group_by("deal_id").agg(at.min().alias("harmed_at"))
        deals = self.deals.select("deal_id", "status", "closed_at").join(harms, on="deal_id", how="left")
        closed, harmed = pl.col("closed_at"), pl.col("harmed_at")
        before_next = lambda moment: (moment >= at) & (next_at.is_null() | (moment < next_at))
        return (
            touches.join(deals, on="deal_id")
            .filter((closed.is_null() | (closed >= at)) & (harmed.is_null() | (harmed >= at)))
            .group_by("touch")
            .agg(
                pl.len().alias("deals"),
                ((pl.col("status") == "won") & before_next(closed)).sum().alias("won_next"),
                before_next(harmed).sum().alias("harm_next"),
            )
        )

    def retention(self):
        month, cohort = pl.col("month"), pl.col("cohort")
        bought = (
            self.wins()
            .filter(pl.col("client_id").is_not_null())
            .group_by("client_id", pl.col("closed_at").dt.truncate("1mo").dt.date().alias("month"))
            .agg(pl.col("amount").sum().alias("revenue"))
        )
        first = bought.group_by("client_id").agg(month.min().alias("cohort"))
        earned = (
            bought.join(first, on="client_id")
            .group_by("cohort", months_between(cohort, month).alias("age"))
            .agg(pl.len().alias("retained"), pl.col("revenue").sum())
        )
        whole = months_between(cohort, pl.lit(self.as_of.date()))
        return (
            earned.filter(pl.col("age") == 0)
            .select("cohort", pl.col("retained").alias("clients"), pl.int_ranges(0, whole, dtype=pl.Int32).alias("age"))
            .filter(whole > 0)
            .explode("age")
            .join(earned, on=["cohort", "age"], how="left")
            .select("cohort", "age", "clients", pl.col("retained").fill_null(0), pl.col("revenue").fill_null(pl.lit(0).cast(MONEY)))
        )

    def revenue_weekly(self):
        promo, amount = pl.col("promo").is_not_null(), pl.col("amount")
        wins = self.wins().select("client_id", "deal_id", "closed_at", "amount", "promo")
        firsts = wins.sort("closed_at", "deal_id").unique("client_id", keep="first", maintain_order=True).select("deal_id", is_first=True)
        is_first = pl.col("is_first").fill_null(False)
        by_week = (
            wins.join(firsts, on="deal_id", how="left")
            .group_by(pl.col("closed_at").dt.truncate("1w").dt.date().alias("week"))
            .agg(
                pl.len().alias("won"),
                amount.sum().alias("revenue"),
                amount.filter(promo).sum().alias("promo"),
                amount.filter(~promo & is_first).sum().alias("new"),
                amount.filter(~promo & ~is_first).sum().alias("repeat"),
            )
        )
        last = pl.lit((self.as_of - datetime.timedelta(days=1)).date())
        weeks = by_week.select(pl.date_ranges(pl.col("week").min(), last, "1w").alias("week")).explode("week")
        return weeks.join(by_week, on="week", how="left").with_columns(pl.all().exclude("week").fill_null(0))


def ask(tables, answers, as_of):
    questions = Questions(*tables, datetime.datetime.fromisoformat(as_of))
    asked = Asked(answers)
    for name in "funnel time_in_stage lead_quality promo_clients payback touch_hazard retention revenue_weekly".split():
        frame = getattr(questions, name)()
        asked.answer(name, lambda frame=frame: frame.collect(engine="streaming").rows())
    asked.finish()


def main():
    what, source, target = sys.argv[1:4]
    if what == "load":
        shutil.rmtree(target, ignore_errors=True)
        load(source, target)
    elif what == "ask":
        ask(own_tables(source), target, sys.argv[4])
    elif what == "ask-store":
        ask(store_tables(source), target, sys.argv[4])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
