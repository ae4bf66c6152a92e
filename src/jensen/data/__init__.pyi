# The public names of jensen.data; each is imported on first use.
from .checks import check_columns as check_columns
from .checks import check_finite as check_finite
from .checks import check_weight as check_weight
from .checks import constant_columns as constant_columns
from .datasets import Dataset as Dataset
from .datasets import list_datasets as list_datasets
from .datasets import load_dataset as load_dataset
from .doors.files import read_table as read_table
from .doors.format import FileInfo as FileInfo
from .doors.format import FileTable as FileTable
from .doors.memory import as_rows as as_rows
from .rows import Rows as Rows
