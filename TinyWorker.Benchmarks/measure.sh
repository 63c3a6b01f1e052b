#!/usr/bin/env bash
# Measures everything that the pages name, and puts the figures and the pictures into the pages. It takes some 13 minutes on a machine that
# has nothing else to do.
#
#   TinyWorker.Benchmarks/measure.sh            measures, then fills the pages
#   TinyWorker.Benchmarks/measure.sh FOLDER     only fills the pages, from the results of a run
#
# The results are in TinyWorker.Benchmarks/runs/, in a folder of the date, and replace those of the run before. BenchmarkDotNet's full run
# takes too long for this. What every measurement shall be run by (taskset, nice) can be named in MEASURE_WITH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly runs=TinyWorker.Benchmarks/runs
readonly program=TinyWorker.Benchmarks/bin/Release/net10.0/TinyWorker.Benchmarks.dll
readonly pages=(TinyWorker.Benchmarks/README.md docs/performance.md docs/processes.md)
export DOTNET_NOLOGO=1

# run MODE...: one measurement, in a process of its own
run() {
  echo "== $* ($(date -u +%H:%M:%S))" >&2
  # shellcheck disable=SC2086  # MEASURE_WITH is a command with its arguments
  ${MEASURE_WITH-} dotnet exec "$program" "$@"
}

dotnet build TinyWorker.Benchmarks -c Release --nologo -v quiet

if [[ $# == 1 ]]; then
  folder=${1%/}
else
  folder=$runs/$(date -u +%Y-%m-%d-%H%M)
  mkdir -p "$folder"
  commit=$(git rev-parse --short HEAD)
  git diff --quiet HEAD -- TinyWorker TinyWorker.Benchmarks/*.cs || commit+=' with changes'
  echo "$commit" > "$folder/commit.txt"

  for class in TinyWorker.Benchmarks/*Benchmarks.cs; do
    class=$(basename "$class" .cs)
    run quick "$class" --json "$folder/quick-$class.json"
  done
  run scale --json "$folder/scale.json"
  run sizes --json "$folder/sizes.json"
  for mode in start idle memory; do
    run "$mode" | tee "$folder/$mode.txt"
  done
  # shellcheck disable=SC2086
  if command -v python3 > /dev/null; then ${MEASURE_WITH-} python3 TinyWorker.Benchmarks/peers.py --json "$folder/python.json"; fi
  find "$runs" -mindepth 1 -maxdepth 1 -type d ! -path "$folder" -exec rm -r {} +
fi

dotnet exec "$program" report "$folder" "${pages[@]}"
dotnet run -c Release --project TinyWorker.Charts -- "$folder" docs/images
