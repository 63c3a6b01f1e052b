#!/usr/bin/env bash
# Builds and tests. The last line is "N passed, N failed", and ", N skipped" if there are any.
#
#   ./test.sh          builds Release and runs the tests that do not take long
#   ./test.sh --all    does everything that CI does: both configurations without a warning, every test, the main job, the coverage and chaos
#
# It installs what the tests need and the machine lacks, if it runs as root and the machine has apt-get. Otherwise it says what is skipped.
set -uo pipefail
exec 2>&1
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

# The counts are read from the console, so its language and its form must not depend on the machine.
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDTERMINALLOGGER=off NO_COLOR=1
# No build server may outlive this script. The builds share one compiler, which is this script's own: see build.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false

readonly progress_interval=5   # seconds
readonly main_job='dotnet run -c Release --project TinyWorker.Examples -- duplicates'
readonly service='dotnet run -c Release --project TinyWorker.Examples.Web'
readonly policy=/usr/sbin/policy-rc.d
readonly compiler=tinyworker-$$   # the name of our compiler
passed=0 failed=0 skipped=0 lacking= failures=
own_policy=   # the policy file, while it is ours
prefix=()     # what dotnet test is run by
aside=() aside_id=   # of the tests that run aside

all=
case "${1-}" in
  '') ;;
  --all) all=1 ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac

log=$(mktemp) && coverage=$(mktemp -d) || { echo '0 passed, 1 failed'; exit 1; }
trap 'end_compiler; rm -rf "$log" "$log.aside" "$coverage" ${own_policy:+"$own_policy"}' EXIT

finish() {
  [[ -z $lacking ]] || printf '%s' "$lacking"
  [[ -z $failures ]] || printf 'What failed, once more:\n%s' "$failures"   # of a long run, often only the end is kept
  local line="$passed passed, $failed failed"
  ((skipped == 0)) || line+=", $skipped skipped"
  echo "$line"
  ((failed == 0))
  exit
}

# What failed without being a test counts as one failure, so that the last line never looks better than the run.
fail() {
  echo "FAILED: $1"
  failures+="  $1"$'\n'
  failed=$((failed + 1))
}

# need WHICH PACKAGE WHAT [OPTION]...: makes sure that there is a command, or a file where WHICH is a path. A package of apt has it, and
# apt-get install is given the options. WHAT needs it, and is skipped without it: then need fails, and the end of the output tells how to
# get it.
need() {
  local which=$1 what=$3 package="${*:4} $2"
  package=${package# }
  has "$which" && return
  if [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null; then
    echo "== apt-get install $package (for $what)"
    forbid_services
    # shellcheck disable=SC2086  # the options are words of their own
    { apt_get install -y -q $package || { apt_get update -q && apt_get install -y -q $package; }; } > "$log"
    allow_services
    has "$which" && return
    tail -n 3 "$log"
  fi
  lacking+="Skipped: $what, because there is no '$which'. To get it: apt-get install $package"$'\n'
  return 1
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get "$@" < /dev/null
}

# A package may have a service, and starts it when it is installed, where the system lets it. This is asked first. The tests start what they
# need by themselves.
forbid_services() {
  [[ ! -e $policy ]] || return
  own_policy=$policy
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy"
}

allow_services() {
  [[ -z $own_policy ]] || rm -f "$own_policy"
  own_policy=
}

has() {
  if [[ $1 == /* ]]; then [[ -e $1 ]]; else command -v "$1" > /dev/null; fi
}

step() {
  echo "== $*"
  "$@"
}

# Lets through what the test platform prints, but for the tests that have passed: they become a line every few seconds.
show_progress() {
  local line='' part='' count=0 bad=0 next=$((SECONDS + progress_interval)) started=$SECONDS status
  while true; do
    IFS= read -r -t 1 part
    status=$?
    line+=$part
    if ((SECONDS >= next)); then
      echo "   $((SECONDS - started)) s: $count passed, $bad failed"
      next=$((SECONDS + progress_interval))
    fi
    ((status <= 128)) || continue   # a second has passed without a whole line
    case $line in
      '  Passed '*) count=$((count + 1)) ;;
      '  Failed '*) bad=$((bad + 1)); printf '%s\n' "$line" ;;
      '' | 'Test run for '* | 'VSTest version '* | 'Starting test execution'* | 'A total of 1 test files'*) ;;
      'NUnit Adapter '* | 'Running '*' tests in '* | '   NUnit3TestExecutor discovered '* | '[createdump] '*) ;;
      *) printf '%s\n' "$line" ;;
    esac
    line=
    ((status == 0)) || break
  done
}

# run_dotnet_test ARGUMENT...: -m:1 runs the projects of tests one after the other: each has as many tests at a time as there are
# processors, and some measure time. AssemblySelectLimit: if a filter leaves more tests of a project than this (2,000 by default), NUnit's
# adapter runs all of them, and tells of those that the filter has left.
run_dotnet_test() {
  "${prefix[@]}" dotnet test "$@" --no-build -m:1 --logger 'console;verbosity=normal' -- NUnit.ConsoleOut=0 \
    NUnit.AssemblySelectLimit=1000000 < /dev/null
}

# run_tests ARGUMENT...: dotnet test with these arguments, and with what it says counted.
run_tests() {
  echo "== dotnet test $*"
  run_dotnet_test "$@" | tee "$log" | show_progress
  count_tests "$log" "${PIPESTATUS[0]}" "$@"
}

# run_measured PACKAGES ARGUMENT...: as run_tests, and the coverage of PACKAGES is measured. A package is measured in one configuration
# only: its lines and branches differ in the other.
run_measured() {
  local settings=$coverage/$2.runsettings
  sed "s|<Include>.*</Include>|<Include>$1</Include>|" .ci/coverage.runsettings > "$settings"
  run_tests "${@:2}" --collect 'XPlat Code Coverage' --settings "$settings" --results-directory "$coverage"
}

# begin_aside ARGUMENT...: as run_tests, but at the same time as what follows, until end_aside. For tests that measure no time.
begin_aside() {
  aside=("$@")
  echo "== dotnet test $* (at the same time as the next)"
  run_dotnet_test "$@" > "$log.aside" &
  aside_id=$!
}

end_aside() {
  local status=0
  wait "$aside_id" || status=$?
  show_progress < "$log.aside"
  count_tests "$log.aside" "$status" "${aside[@]}"
}

# count_tests FILE STATUS ARGUMENT...: counts what dotnet test said with these arguments.
count_tests() {
  local file=$1 status=$2 line projects=0 summaries=0 counted=0 counted_failures=0
  shift 2
  while IFS= read -r line; do
    case $line in
      'Test run for '*) projects=$((projects + 1)) ;;
      'Total tests: '*) summaries=$((summaries + 1)) ;;
      '  Failed '*) failures+=$line$'\n' ;;
    esac
    if [[ $line =~ ^\ *(Passed|Failed|Skipped):\ ([0-9]+)$ ]]; then
      case ${BASH_REMATCH[1]} in
        Passed) passed=$((passed + BASH_REMATCH[2])) counted=$((counted + BASH_REMATCH[2])) ;;
        Failed) failed=$((failed + BASH_REMATCH[2])) counted_failures=$((counted_failures + BASH_REMATCH[2])) ;;
        Skipped) skipped=$((skipped + BASH_REMATCH[2])) ;;
      esac
    fi
  done < "$file"
  if ((counted + counted_failures == 0)); then
    fail "no test was run by: dotnet test $* (exit code $status)"
  elif ((summaries < projects)); then
    fail "$((projects - summaries)) of $projects projects ran no test to its end: dotnet test $*"
  elif ((status != 0 && counted_failures == 0)); then
    fail "exit code $status from: dotnet test $*"
  fi
}

# One compiler for all projects and both configurations: it has loaded the analyzers, and half the time goes.
build() {
  step dotnet build TinyWorker.sln -c "$1" --no-restore -warnaserror -v quiet -nologo \
    -p:UseSharedCompilation=true "-p:SharedCompilationId=$compiler" || { fail "the $1 build"; finish; }
}

# It would end by itself after ten idle minutes.
end_compiler() {
  local sdk
  sdk=$(dotnet --info | sed -n 's/^ *Base Path: *//p')
  dotnet "${sdk}Roslyn/bincore/VBCSCompiler.dll" "-pipename:$compiler" -shutdown > "$log" 2>&1 || true
}

step dotnet restore TinyWorker.sln -v quiet || { fail 'restore'; finish; }
# The dashboard is looked at in a real browser, and the remote troupes have a real broker. CI must not pass without.
need "${CHROMIUM:-/usr/bin/chromium}" chromium 'the tests of the dashboard in a browser' || [[ -z $all ]] || fail 'the tests of the dashboard need a browser'
[[ -n ${TINYWORKER_AMQP-} ]] || need /usr/sbin/rabbitmq-server rabbitmq-server 'the tests on a real RabbitMQ broker' --no-install-recommends \
  || [[ -z $all ]] || fail 'the tests of TinyWorker.RabbitMQ need a broker'
if [[ -z $all ]]; then
  build Release
  end_compiler
  run_tests TinyWorker.sln -c Release --filter 'TestCategory!=Long'
  finish
fi

for command in './test.sh' "$main_job" "$service"; do
  grep -qxF -- "$command" README.md || fail "README.md does not name the command: $command"
done

# A program is compiled ahead of time: the SDK takes either linker.
has clang || has gcc || need clang clang 'the program that is compiled ahead of time'

build Debug
build Release
end_compiler
step $main_job || fail 'the main job on this repository'
step $service -- --seconds 3 || fail 'the example service'

# One project of tests after the other. What comes into the solution is tested without a line here.
mapfile -t projects < <(dotnet sln TinyWorker.sln list | sed -n 's|^\(.*\.Tests\)[/\\][^/\\]*\.csproj$|\1|p')
((${#projects[@]} > 0)) || fail 'the solution names no project of tests'

# The packages, the leaks and the model measure no time, use little more than one processor, and are in processes of their own here. They
# take what the tests leave that wait for a broker, a browser or a server.
readonly packages='FullyQualifiedName~TinyWorker.Tests.Package.'
readonly leaks_and_model='FullyQualifiedName~TinyWorker.Tests.Leaks.|FullyQualifiedName~TinyWorker.Tests.Model.'
readonly neither='FullyQualifiedName!~TinyWorker.Tests.Package.&FullyQualifiedName!~TinyWorker.Tests.Leaks.&FullyQualifiedName!~TinyWorker.Tests.Model.'

# Only the core has both configurations run. The tests of each other package measure the coverage of those that it is named after.
for project in "${projects[@]}"; do
  what=
  case $project in
    TinyWorker.Tests) run_tests "$project" -c Release --filter "$neither"; continue ;;
    TinyWorker.RabbitMQ.Tests) what=$packages ;;
    TinyWorker.Dashboard.Tests) what=$leaks_and_model ;;
  esac
  prefix=(nice -n 19)
  [[ -z $what ]] || begin_aside TinyWorker.Tests -c Release --filter "$what"
  prefix=()
  run_measured "[${project%.Tests}]*,[${project%.Tests}.*]*" "$project" -c Release
  [[ -z $what ]] || end_aside
done

# Debug has the invariants of the core and the schedules, and the coverage of the core is that of Debug. The long tests do in thousands of
# rounds what others do in hundreds: they are run in Release, but for those of the core under load, which the invariants watch. Neither
# packages nor leaks nor the pages, which are those of Release. Nor the unloading of plug-ins: what measures the coverage would hold them.
readonly under_coverage='TestCategory!=Long&FullyQualifiedName!~TinyWorker.Tests.Package.&FullyQualifiedName!~TinyWorker.Tests.Leaks.&FullyQualifiedName!~TinyWorker.Tests.Plugins.&FullyQualifiedName!~TinyWorker.Tests.Schedules.&FullyQualifiedName!~TinyWorker.Tests.Docs.'
run_measured '[TinyWorker]*,[TinyWorker.Console]*' TinyWorker.Tests -c Debug --filter "$under_coverage"
run_tests TinyWorker.Tests -c Debug --filter 'TestCategory=Long&(FullyQualifiedName~LedgerTests|FullyQualifiedName~ContentionTests|FullyQualifiedName~PlatformTrapTests)'
# A schedule lets one thread go on at a time. On a processor of its own, the next one need not be woken on another processor.
one=() other=()
[[ $(nproc) != 2 ]] || ! taskset -c 0 true || ! taskset -c 1 true || { one=(taskset -c 0) other=(taskset -c 1); }
prefix=("${other[@]}")
begin_aside TinyWorker.Tests -c Debug --filter 'FullyQualifiedName~Tests.Schedules.&Name~OnThePool'
prefix=("${one[@]}")
run_tests TinyWorker.Tests -c Debug --filter 'FullyQualifiedName~Tests.Schedules.&Name!~OnThePool'
prefix=()
end_aside
mapfile -t reports < <(find "$coverage" -name coverage.cobertura.xml)   # one for each project of tests
step .ci/coverage "${reports[@]}" || fail 'the coverage'

# A minute of chaos, a third of it on one core where that can be had.
readonly chaos='dotnet run -c Release --no-build --project TinyWorker.Chaos --'
one_core=
taskset -c 0 true && one_core='taskset -c 0'
step $chaos --seconds 40 || fail 'chaos'
step $one_core $chaos --seconds 20 || fail 'chaos on one core'
finish
