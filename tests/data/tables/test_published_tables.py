"""Tables in the forms in which they are published: each opens as what it is, or says in one line why not."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.data.tables.opening import by_line, column, labels, opened, refused, told, written

NUMBERS = np.random.default_rng(0).integers(0, 256, 60 * 2304).tolist()


class Published(NamedTuple):
    """A table: its name, its text, how many examples it has, and of what.

    classes  none where a number is predicted
    inputs   the first of them
    said     what the notes say among others
    """

    name: str
    text: str
    examples: int
    target: str
    classes: Sequence[str]
    inputs: Sequence[str]
    said: Sequence[str] = ()


def rows(form: Callable[[int], str], many: int = 60) -> str:
    return "".join(f"{form(i)}\n" for i in range(many))


def comma(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace(".", ",")


def adult(i: int) -> str:
    work = "?" if i % 9 == 0 else ("State-gov", "Private")[i % 2]
    return f"{25 + i % 40}, {work}, {77516 + i * 131}, {i % 16}, {'>50K' if i % 4 == 0 else '<=50K'}"


def titanic(i: int) -> str:
    age, cabin = "" if i % 6 == 1 else 20 + i % 40, f"C{i}" if i % 5 == 0 else ""
    ticket = f"{'A/5 ' if i % 4 == 0 else ''}{21171 + i}"
    person = f'{i + 1},{int(i % 3 == 0)},{1 + i % 3},"Braund, Mr. Owen {i}",{("male", "female")[i % 2]},{age}'
    return f"{person},{i % 3},{ticket},{7.25 + i % 9 * 0.5},{cabin},{'SCQ'[i % 3]}"


def cancer(i: int) -> str:
    return (
        f"{842302 + i * 7919 % 90000},{'MB'[i % 2]},{10 + i % 7 * 0.31:.2f},{i % 11 * 0.017:.4f},{1 + i % 5 * 0.3:.1f}"
    )


def air(i: int) -> str:
    numbers = f"{comma(2.6 + i % 9 * 0.1, 1)};{1360 + i * 7 % 90};{150 - i % 80};{comma(13.6 + i % 7 * 0.3, 1)}"
    return f"10/03/2004;{i % 24:02}.00.00;{numbers};{comma(0.7578 + i % 13 * 0.01, 4)};;"


def eurostat(i: int) -> str:
    flag, missing = " b" if i % 7 == 0 else " ", ": " if i % 9 == 0 else f"{1010 + i * 37} "
    return (
        f"A,JAN,{chr(65 + i % 26)}{i}\t{1000 + i * 37 % 901}{flag}\t{missing}\t{1100 + i * 41 % 907} \t{1200 + i * 31} "
    )


def survey(i: int) -> str:
    answers = f"{('Male', 'Female')[i % 2]},{('Very', 'Not')[i % 3 % 2]}"
    return f"2020-01-{1 + i % 28:02} 10:{i % 60:02},{18 + i * 7 % 50},{answers}"


def used_car(i: int) -> str:
    return f"Maruti {i},{2005 + i % 15},{23.4 - i % 8 * 0.1:.1f} kmpl,{(998, 1248)[i % 2]} CC,{45000 + i * 1000}"


def face(i: int) -> str:
    pixels = " ".join(map(str, NUMBERS[i * 2304 : (i + 1) * 2304]))
    return f"{i % 7},{pixels},{('Training', 'Training', 'PublicTest', 'PrivateTest')[i % 4]}"


def month(i: int) -> str:
    minus = "-" if i % 5 == 0 else ""
    return f"{('Jan', 'Feb')[i % 2]};{1 + i % 9}.{100 + i * 7},50 €;{minus}{i * 13 % 100},5%"


def penguin(i: int) -> str:
    length, sex = "NA" if i == 3 else 39 + i % 9 / 4, ("NA", "male", "female")[i % 3]
    return f"{('Adelie', 'Gentoo')[i % 2]},{('Biscoe', 'Dream')[i % 3 % 2]},{length},{sex}"


def heart(i: int) -> str:
    vessels = "?" if i % 17 == 4 else f"{i % 4}.0"
    return f"{63 + i % 10}.0,{i % 2}.0,{145 + i * 7 % 30}.0,{vessels},{i % 5 if i % 3 == 0 else 0}"


def mpg(i: int) -> str:
    power = "?" if i == 5 else f"{100 + i:.1f}"
    return f'{18 + i % 20:.1f}   {(4, 6, 8)[i % 3]}   {power}      {3000 + i * 7}.\t"ford pinto {i}"'


def iris(i: int) -> str:
    sepal = f"{4.3 + i % 36 * 0.1:.1f},{2 + i % 24 * 0.1:.1f}"
    return f"{sepal},{1 + i % 59 * 0.1:.1f},{0.1 + i % 24 * 0.1:.1f},{IRISES[i // 50]}"


def vote(i: int) -> str:
    return f"{('republican', 'democrat')[i * i % 5 % 2]},{'ny?'[i % 3]},{'ny'[i % 5 % 2]},{'yn?'[i % 7 % 3]}"


def seed(i: int) -> str:
    aligned = "\t" if i % 20 == 3 else ""
    return f"{15 + i % 9 * 0.11:.2f}\t{14 + i % 7 * 0.13:.2f}\t{aligned}{5 + i % 11 * 0.1:.3f}\t{1 + i // 30}"


def car(i: int) -> str:
    buying, doors = ("vhigh", "high", "med", "low")[i % 4], ("2", "3", "4", "5more")[i % 5 % 4]
    return f"{buying},{doors},{('unacc', 'acc')[i % 3 % 2]}"


def day(i: int) -> str:
    casual, registered = i * 7 % 90, i * 13 % 700
    date = f"2011-{1 + i // 28:02}-{1 + i % 28:02}"
    return f"{i + 1},{date},{1 + i // 40},{i % 31 / 31:.6f},{casual},{registered},{casual + registered}"


IRISES = ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
PIXELS = ",".join(f"pixel{i}" for i in range(784))
QUESTIONS = "StartDate,Q1,Q2,Q3\nStart Date,How old are you?,What is your gender?,How satisfied are you?"

TABLES = [
    Published("adult.data", rows(adult) + "\n", 60, "column 5", ("<=50K", ">50K"), ("column 1", "column 2=Private")),
    Published(
        "adult.test",
        f"|1x3 Cross validator\n{rows(lambda i: adult(i) + '.')}\n",
        *(60, "column 5", ("<=50K", ">50K"), ("column 1", "column 2=Private")),
        ("1 line above the first row, in line 2, is left out", "the dots at the end of the words"),
    ),
    Published(
        "winequality-red.csv",
        '"fixed acidity";"pH";"quality"\n'
        + rows(lambda i: f"{7 + i % 5 * 0.1:.1f};{3 + i % 9 * 0.01:.2f};{3 + i % 6}", 150),
        *(150, "quality", "345678", ("fixed acidity", "pH")),
        ("it has only 6 different whole numbers; --task regress",),
    ),
    Published(
        "german.data",
        rows(lambda i: f"A1{1 + i % 4} {6 + i * 7 % 40} A3{i % 5} {1000 + i * 37} {1 + (i % 3 == 0)} "),
        *(60, "column 5", "12", ("column 1=A11", "column 1=A12")),
    ),
    Published(
        "titanic.csv",
        f"PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Ticket,Fare,Cabin,Embarked\n{rows(titanic, 120)}",
        *(120, "Survived", "01", ("Pclass", "Sex=female", "Sex=male", "Age", "Age blank", "SibSp", "Fare")),
        ("left out 4 columns: PassengerId (counts the rows), Name (another text in each row), Ticket (another",),
    ),
    Published("wdbc.data", rows(cancer, 80), 80, "column 2", "BM", ("column 3", "column 4", "column 5")),
    Published(
        "train.csv",
        f"label,{PIXELS}\n" + rows(lambda i: f"{i % 10},{','.join(map(str, NUMBERS[i * 784 : (i + 1) * 784]))}", 50),
        *(50, "label", "0123456789", ("pixel0", "pixel1")),
    ),
    Published(
        "AirQualityUCI.csv",
        f"Date;Time;CO(GT);PT08.S1(CO);NMHC(GT);T;AH;;\n{rows(air)}" + ";;;;;;;;\n" * 5,
        *(60, "AH", (), ("Time=00.00.00",)),
        (
            "2 blank columns at the end left out",
            "CO(GT) ('2,6' is 2.6), T ('13,6' is 13.6) and AH ('0,7578' is 0.7578)",
        ),
    ),
    Published(
        "tps00001.tsv",
        f"freq,indic_de,geo\\TIME_PERIOD\t2012 \t2013 \t2014 \t2015 \n{rows(eurostat)}",
        *(60, "2015", (), ("2012", "2013", "2013 blank", "2014")),
        ("2012 ('1000 b' is 1000)", "7 blank cells in 2013"),
    ),
    Published(
        "excel.csv",
        f"sep=;\nMonat;Umsatz;Gewinn\n{rows(month)}",
        *(60, "Gewinn", (), ("Monat=Feb", "Monat=Jan", "Umsatz")),
        ("Umsatz ('1.100,50 €' is 1100.5) and Gewinn ('-0,5%' is −0.5)",),
    ),
    Published(
        "penguins.csv",
        f"species,island,bill_length_mm,sex\n{rows(penguin)}",
        *(60, "species", ("Adelie", "Gentoo"), ("island=Biscoe", "island=Dream", "bill_length_mm")),
    ),
    Published(
        "processed.cleveland.data",
        rows(heart, 120),
        *(120, "column 5", "01234", ("column 1", "column 2", "column 3", "column 4", "column 4 blank")),
    ),
    Published(
        "survey.csv",
        f"{QUESTIONS}\n" + ",".join(['"{""ImportId"":""x""}"'] * 4) + f"\n{rows(survey)}",
        *(60, "Q3", ("Not", "Very"), ("Q1", "Q2=Female", "Q2=Male")),
        ("lines 2 and 3, between the names and the first row, left out", "StartDate (another text in each row)"),
    ),
    Published(
        "car_details.csv",
        f"name,year,mileage,engine,selling_price\n{rows(used_car)}",
        *(60, "selling_price", (), ("year", "mileage", "engine")),
        ("mileage ('23.4 kmpl' is 23.4) and engine ('998 CC' is 998)",),
    ),
    Published(
        "fer2013.csv",
        f"emotion,pixels,Usage\n{rows(face, 56)}",
        *(56, "emotion", "0123456", ("pixels 1", "pixels 2")),
        ("each cell of pixels is 2,304 numbers", "column 'Usage' says which rows are for training"),
    ),
    Published(
        "default of credit card clients.csv",
        ",X1,X2,Y\nID,LIMIT_BAL,SEX,default payment next month\n"
        + rows(lambda i: f"{i + 1},{20000 + i % 9 * 1000},{1 + i % 2},{int(i % 4 == 0)}"),
        *(60, "default payment next month", "01", ("LIMIT_BAL", "SEX")),
        ("1 line above the names, which are in line 2, is left out",),
    ),
    Published(
        "bank-full.csv",
        '"age";"job";"balance";"y"\n'
        + rows(
            lambda i: (
                f'{30 + i * 7 % 40};"{("admin.", "services")[i % 2]}";{1787 + i * i % 97};"{("yes", "no")[i % 5 % 2]}"'
            )
        ),
        *(60, "y", ("no", "yes"), ("age", "job=admin.", "job=services", "balance")),
    ),
    Published(
        "housing.data",
        rows(lambda i: f" {0.00632 + i * 0.013:.5f}  {18 + i % 9:.2f}   {int(i % 9 == 0)}  {24 + i % 20 * 0.5:.2f}"),
        *(60, "column 4", (), ("column 1", "column 2", "column 3")),
    ),
    Published(
        "abalone.data",
        rows(lambda i: f"{'MFI'[i % 3]},{0.455 + i % 30 * 0.005:.3f},{1 + i * i % 29}", 200),
        *(200, "column 3", (), ("column 1=F", "column 1=I", "column 1=M", "column 2")),
        ("('column 1' has few values, and may be meant)",),
    ),
    Published("iris.data", rows(iris, 150) + "\n", 150, "column 5", IRISES, ("column 1", "column 2")),
    Published(
        "wine.data",
        rows(
            lambda i: f"{1 + i // 50},{14 - i % 31 * 0.03:.2f},{i % 7 * 0.31 + 1.7:.2f},{90 + i % 43},{1900 - i * 5}",
            150,
        ),
        *(150, "column 1", "123", ("column 2", "column 3", "column 4", "column 5")),
        ("because it counts a few classes, and most others are numbers of many values, a class",),
    ),
    Published(
        "letter-recognition.data",
        rows(lambda i: f"{chr(65 + i % 26)},{i % 16},{i * 7 % 15},{i * 5 % 14}", 300),
        *(300, "column 1", tuple(map(chr, range(65, 91))), ("column 2", "column 3", "column 4")),
        ("because it alone has words, and the others are whole numbers",),
    ),
    Published(
        "house-votes-84.data",
        rows(vote, 90),
        *(90, "column 1", ("democrat", "republican"), ("column 2=n", "column 2=y", "column 2 blank")),
        ("because the words of all others are the same",),
    ),
    Published(
        "zip.train",
        rows(lambda i: f"{i % 10}.0000 {i % 41 / 41 - 1:.4f} {i * 7 % 43 / 43:.4f} -1.0000 ", 150),
        *(150, "column 1", "0123456789", ("column 2", "column 3")),
    ),
    Published(
        "breast-cancer-wisconsin.data",
        rows(
            lambda i: f"{1000025 + i * 7919 % 90007},{1 + i % 10},{'?' if i == 9 else 1 + i * 3 % 10},{2 + i % 2 * 2}",
            90,
        ),
        *(90, "column 4", "24", ("column 2", "column 3", "column 3 blank")),
        ("column 1 (another number in each row)", "1 blank cell in column 3"),
    ),
    Published("seeds_dataset.txt", rows(seed, 90), 90, "column 4", "123", ("column 1", "column 2", "column 3")),
    Published(
        "glass.data",
        rows(lambda i: f"{i + 1},{1.51 + i % 13 * 0.001:.5f},{13 + i % 17 * 0.1:.2f},{'123567'[i // 36]}", 214),
        *(214, "column 4", "123567", ("column 2", "column 3")),
        ("column 1 (counts the rows)",),
    ),
    Published(
        "zoo.data",
        rows(lambda i: f"animal{i},{i % 2},{i % 3 % 2},{'02468'[i % 5]},{'11112234567'[i % 11]}", 101),
        *(101, "column 5", "1234567", ("column 2", "column 3", "column 4")),
        ("column 1 (another text in each row)", "it counts from 1 to 7, and has each of them 9 times at least"),
    ),
    Published(
        "sonar.all-data",
        rows(lambda i: f"{i % 37 / 37:.4f},{i * 3 % 41 / 41:.4f},{'RM'[i // 97 % 2]}", 208),
        *(208, "column 3", "MR", ("column 1", "column 2")),
    ),
    Published(
        "ionosphere.data",
        rows(lambda i: f"{int(i % 9 > 0)},0,{1 - i % 41 / 20:.5f},{i % 37 / 37 - 0.5:.5f},{'gb'[i % 3 // 2]}", 90),
        *(90, "column 5", "bg", ("column 1", "column 3", "column 4")),
        ("left out 1 column: column 2 (the same everywhere)",),
    ),
    Published("car.data", rows(car, 90), 90, "column 3", ("acc", "unacc"), ("column 1=high", "column 1=low")),
    Published(
        "day.csv",
        f"instant,dteday,season,temp,casual,registered,cnt\n{rows(day, 150)}",
        *(150, "cnt", (), ("season", "temp", "casual", "registered")),
        ("instant (counts the rows) and dteday (another text in each row)",),
    ),
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_it_opens_as_what_it_is(tmp_path: Path, table: Published) -> None:
    path = written(tmp_path, table.text, table.name)
    dataset = opened(path)
    assert len(by_line(dataset)) == table.examples
    assert dataset.class_names == tuple(table.classes)
    assert dataset.target_names == (() if table.classes else (table.target,))
    assert told(dataset, f"'{table.target}'", "--target chooses another")
    assert dataset.feature_names[: len(table.inputs)] == tuple(table.inputs)
    for said in table.said:
        assert told(dataset, said), dataset.notes
    again = opened(path, encoding=dataset.encoding)
    np.testing.assert_array_equal(again.train.inputs, dataset.train.inputs)
    np.testing.assert_array_equal(again.train.labels, dataset.train.labels)


def test_the_names_of_cars_are_no_target(tmp_path: Path) -> None:
    path = written(tmp_path, rows(mpg), "auto-mpg.data")
    assert "column 5', has 60 different values in 60 rows, too many for classes" in refused(path)
    dataset = opened(path, target="1")
    assert dataset.feature_names == ("column 2", "column 3", "column 3 blank", "column 4")
    assert column(dataset, "column 4")[:2] == [3000, 3007]


def test_pixels_without_names_have_their_digit_first(tmp_path: Path) -> None:
    text = rows(lambda i: f"{i % 10},{','.join(map(str, NUMBERS[i * 30 : i * 30 + 30]))},0")
    dataset = opened(written(tmp_path, text, "mnist_train.csv"))
    assert dataset.class_names == tuple("0123456789")
    assert labels(dataset)[:12] == [str(i % 10) for i in range(12)]


def test_a_constant_is_refused_with_the_column_that_is_meant(tmp_path: Path) -> None:
    path = written(tmp_path, rows(lambda i: f"{i % 10},{i * 7 % 5},{i % 9},0"), "mine.csv")
    assert refused(path).endswith(
        "is '0' in every row; two classes are needed to tell apart; likely it is --target 'column 1'"
    )
    assert len(opened(path, target="column 1").class_names) == 10


def test_sentences_with_their_labels_behind_a_tab(tmp_path: Path) -> None:
    text = rows(lambda i: f"{('Bad quality, it broke', 'Great phone, works well')[i % 2]} number {i}.  \t{i % 2}")
    dataset = opened(written(tmp_path, text, "amazon_cells_labelled.txt"))
    assert (dataset.class_names, len(by_line(dataset))) == (("0", "1"), 60)
    assert dataset.train.texts is not None
