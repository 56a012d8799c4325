#!/usr/bin/env bash
# Print a selection of Autobahn's cases, in the form of the suite's own configuration file.
#
#   tests/autobahn/cases.sh CASES
#
#   CASES   comma-separated, e.g. '1.*,6.4.*', or `sample` for those of the file sample.txt
set -euo pipefail

cases=$1
[ "$cases" != sample ] || cases=$(sed '/^#/d' "$(dirname "$0")/sample.txt" | paste -sd ,)
sed 's/[^,]\+/"&"/g' <<<"$cases"
