"""Prints as JSON what openpyxl finds in a workbook: for each sheet its cells, with their types."""
import datetime
import json
import sys

import openpyxl


def value(cell):
    if isinstance(cell.value, datetime.datetime):
        return cell.value.isoformat(timespec="milliseconds")
    if isinstance(cell.value, datetime.timedelta):
        return cell.value.total_seconds()
    return cell.value


book = openpyxl.load_workbook(sys.argv[1])
print(
    json.dumps(
        {
            sheet.title: {
                "frozen": sheet.freeze_panes,
                "filter": sheet.auto_filter.ref,
                "rows": [[[cell.data_type, value(cell)] for cell in row] for row in sheet.iter_rows()],
            }
            for sheet in book
        }
    )
)
