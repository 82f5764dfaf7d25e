#!/usr/bin/env bash
# One benchmark machine on Azure, from nothing to deleted. `vm-manage.sh help` lists the commands.
# Everything about it lies in a resource group of its own, so that nothing outlives `delete`.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$HERE")
SCRATCH=$(mktemp -d)
readonly HERE ROOT SCRATCH
trap 'rm -rf "$SCRATCH"' EXIT
readonly TAG=codeflash-bench # what marks a resource group as ours
readonly USER_THERE=bench    # the account that measures; cloud-init.yaml makes it
readonly CREATE_LIMIT_S=${CREATE_LIMIT_S:-5400} START_LIMIT_S=${START_LIMIT_S:-900}
readonly AZ_LIMIT_S=${AZ_LIMIT_S:-1800}
readonly BENCH_LIMIT_S=${BENCH_LIMIT_S:-21600} POLL_S=${POLL_S:-15}
readonly FETCH_LIMIT_B=${FETCH_LIMIT_B:-2147483648}

NAME=bench-$(id -un)
LOCATION=westeurope
SIZE=Standard_D2s_v5 # not burstable; README.md says what others buy
# A version, never "latest": two machines made a week apart have to be the same.
IMAGE=Canonical:ubuntu-24_04-lts:server:24.04.202609040
THREADS=2
OWNER=$(id -un)
EXPIRES=''
SHUTDOWN=1900
ALLOW=''
ALLOW_WIDE=false
KEY=$HOME/.ssh/id_ed25519
REPOSITORY=''
REVISION=main
VARIABLES=''
TARGET=codeflash
DRY_RUN=false
YES=false
JSON=false
ARGUMENTS=()
RESULTS_TO=${RESULTS_TO:-$ROOT} # where `fetch` puts data/

usage() {
    cat <<'TEXT'
usage: vm-manage.sh COMMAND [OPTIONS]

  create              make the machine, wait until it is provisioned  (needs --allow-from)
  start               start it again; waits, and shows how it verified itself
  stop                deallocate: the machine costs nothing any more, its disk still does
  status [--json]     where it is and what it is doing
  ssh [-- COMMAND]    log in, or run a command there
  push                bring this checkout's commit there
  bench RANGE         measure a range there (base..head) under a lock
  fetch               bring the runs of --target here, into data/; runs that are here are kept
  delete              remove the resource group and all in it (asks for its name, or --yes)
  cloud-init          print the user-data `create` would give it

options
  --name NAME           the machine and its resource group      (bench-USER)
  --allow-from CIDR     the only addresses that may use ssh, e.g. 203.0.113.7/32
  --allow-wide          accept a range of more than /24 (IPv4) or /56 (IPv6) there
  --owner WHO           tag                                     (USER)
  --expires YYYY-MM-DD  tag                                     (in seven days)
  --shutdown HHMM       daily auto-shutdown, UTC                (1900)
  --location, --size, --image PUBLISHER:OFFER:SKU:VERSION
  --threads 1|2         hardware threads of each core it gets   (2; 1 turns hyper-threading off)
  --key FILE            private ssh key; FILE.pub goes there    (~/.ssh/id_ed25519)
  --repository URL      one shot: it fetches this and provisions itself; otherwise it waits
  --revision REV        branch, tag or commit of it             (main)
  --variables FILE      variables of the playbook, as YAML, for that
  --target NAME         what `bench` measures and `fetch` brings  (codeflash)
  --dry-run             print the az and ssh commands instead of running them
  --yes                 delete without asking

Waits end after CREATE_LIMIT_S (5400), START_LIMIT_S (900), AZ_LIMIT_S (1800) and BENCH_LIMIT_S
(21600) seconds, which are environment variables. `fetch` takes FETCH_LIMIT_B (2 GiB) at most.
TEXT
}

fail() { # message [exit status]
    echo "vm-manage: $1" >&2
    exit "${2:-1}"
}
misuse() { fail "$1 (vm-manage.sh help)" 2; }
say() { echo "$*" >&2; }

# --- running things -----------------------------------------------------------------------------

show() { # print a command as one would type it
    printf '%q ' "$@" | sed 's/ $//'
    echo
}

run_az() {
    if $DRY_RUN; then
        show az "$@"
        return
    fi
    local status=0
    timeout "$AZ_LIMIT_S" az "$@" || status=$?
    case $status in
    0) ;;
    124) fail "az $1 $2 did not end within $AZ_LIMIT_S s; look at the resource group $NAME" ;;
    *) fail "az $1 $2 failed with status $status; its message is above" ;;
    esac
}

# What az says, for this script to use. A dry run shows the command and goes on with a stand-in.
ask_az() { # stand-in, az's arguments…
    local stand_in=$1
    shift
    if $DRY_RUN; then
        show az "$@" >&2
        echo "$stand_in"
        return
    fi
    timeout "$AZ_LIMIT_S" az "$@"
}

ssh_options=()
prepare_ssh() {
    ssh_options=(-i "$KEY" -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15
        -o ServerAliveCountMax=8 -o StrictHostKeyChecking=accept-new)
}

address() {
    local found
    found=$(ask_az 203.0.113.7 vm show --show-details --resource-group "$NAME" --name "$NAME" \
        --query publicIps --output tsv) || fail "there is no machine $NAME; az's message is above"
    [ -n "$found" ] || fail "$NAME has no address; is it running? (vm-manage.sh start --name $NAME)"
    echo "$found"
}

# Everything but `create` is for a machine that it made: another group is not even looked into.
require_ours() {
    local tag
    tag=$(ask_az "$TAG" group show --name "$NAME" --query tags.purpose --output tsv) ||
        fail "there is no resource group $NAME; az's message is above"
    [ "$tag" = "$TAG" ] || fail "resource group $NAME has no tag purpose=$TAG: it was not made by this script, so it stays as it is"
}

# `az group create` on a name that exists would tag somebody's group as ours.
require_free_name() {
    local exists
    exists=$(ask_az false group exists --name "$NAME") || fail "az group exists failed; its message is above"
    [ "$exists" != true ] || fail "there is a resource group $NAME already, so nothing was created. Choose another --name; if this script made it: vm-manage.sh start, or delete, --name $NAME"
    [ "$exists" = false ] || fail "az group exists says neither true nor false: \"$exists\""
}

there() { # run a command on the machine
    local where=$1
    shift
    if $DRY_RUN; then
        show ssh "${ssh_options[@]}" "$USER_THERE@$where" "$@"
        return
    fi
    # shellcheck disable=SC2029 # callers quote for the other side
    ssh "${ssh_options[@]}" "$USER_THERE@$where" "$@"
}

# --- waiting ------------------------------------------------------------------------------------

provision_status() { # the status cloud-init.yaml's script wrote, or nothing
    there "$1" cat /var/lib/bench/provision.json 2>/dev/null |
        sed -n 's/.*"status": "\([a-z]*\)", "message": "\([^"]*\)".*/\1 \2/p'
}

wait_provisioned() { # address
    local until=$((SECONDS + CREATE_LIMIT_S)) status='' before=''
    if $DRY_RUN; then
        there "$1" cat /var/lib/bench/provision.json
        return
    fi
    while [ "$SECONDS" -lt "$until" ]; do
        status=$(provision_status "$1" || true)
        if [ "$status" != "$before" ] && [ -n "$status" ]; then
            say "$NAME: $status"
            before=$status
        fi
        case $status in
        done* | waiting*) return ;;
        failed*) fail "$NAME: ${status#failed }. It stays as it is: vm-manage.sh ssh --name $NAME" ;;
        esac
        sleep "$POLL_S"
    done
    fail "$NAME was not ready within $CREATE_LIMIT_S s (last seen: ${status:-no answer by ssh}). It is still there: vm-manage.sh ssh or delete --name $NAME"
}

wait_ssh() { # address
    local until=$((SECONDS + START_LIMIT_S))
    $DRY_RUN && return
    until there "$1" true 2>/dev/null; do
        [ "$SECONDS" -lt "$until" ] ||
            fail "$NAME did not answer by ssh within $START_LIMIT_S s. Is your address still the one given to --allow-from?"
        sleep "$POLL_S"
    done
}

# --- commands -----------------------------------------------------------------------------------

render_cloud_init() {
    [ -r "$KEY.pub" ] || fail "there is no public key $KEY.pub (--key FILE; ssh-keygen -t ed25519 makes one)" 2
    [ -z "$VARIABLES" ] || [ -r "$VARIABLES" ] || fail "--variables: $VARIABLES can't be read" 2
    local key variables=$SCRATCH/variables
    key=$(tr -d '\n' <"$KEY.pub")
    # In the place and with the indentation of the block they go to.
    sed 's/^/      /' "${VARIABLES:-/dev/null}" >"$variables"
    [ -s "$variables" ] || echo '      {}' >"$variables"
    sed -e "s|@SSH_KEY@|${key//[|&\\]/\\&}|" \
        -e "s|@REPOSITORY@|${REPOSITORY//[|&\\]/\\&}|" \
        -e "s|@REVISION@|${REVISION//[|&\\]/\\&}|" \
        -e "/@VARIABLES@/{
            r $variables
            d
        }" "$HERE/cloud-init.yaml"
}

in_seven_days() { date -u -d '+7 days' +%F 2>/dev/null || date -u -v+7d +%F; } # GNU, BSD

check_allowed_range() {
    local width=''
    # Not the netmasks that Python takes as well.
    [[ ! $ALLOW =~ ^[0-9a-fA-F:.]+(/[0-9]+)?$ ]] || width=$(python3 -I -c '
import ipaddress, sys
range = ipaddress.ip_network(sys.argv[1], strict=False)
if range.version == 6 and range.network_address.ipv4_mapped:
    raise SystemExit(1)  # IPv4 written as IPv6, whose width is another one
print("everybody" if range.prefixlen == 0 or range.network_address.is_unspecified
      else "wide" if range.prefixlen < {4: 24, 6: 56}[range.version] else "narrow")
' "$ALLOW" 2>/dev/null) || width=''
    [ -n "$width" ] ||
        misuse "create needs --allow-from with the address you use ssh from, e.g. --allow-from 203.0.113.7/32"
    [ "$width" != everybody ] || misuse "--allow-from $ALLOW would let everybody in"
    [ "$width" != wide ] || $ALLOW_WIDE ||
        misuse "--allow-from $ALLOW is more than a /24 (IPv4) or a /56 (IPv6); --allow-wide if that is meant"
    [[ $ALLOW != *:* ]] || say "the machine has an IPv4 address: an IPv6 range lets in nobody who has IPv6 only"
}

command_create() {
    check_allowed_range
    [[ $IMAGE =~ ^[^:]+:[^:]+:[^:]+:[0-9][0-9.]*$ ]] || misuse "--image needs a version: PUBLISHER:OFFER:SKU:VERSION, not latest"
    local expires=${EXPIRES:-$(in_seven_days)} user_data=$SCRATCH/cloud-init.yaml
    render_cloud_init >"$user_data"
    $DRY_RUN && user_data=cloud-init.yaml
    require_free_name
    run_az group create --name "$NAME" --location "$LOCATION" \
        --tags "purpose=$TAG" "owner=$OWNER" "expires=$expires" --output none
    run_az network nsg create --resource-group "$NAME" --name "$NAME-nsg" --output none
    run_az network nsg rule create --resource-group "$NAME" --nsg-name "$NAME-nsg" --name ssh \
        --priority 100 --access Allow --protocol Tcp --direction Inbound \
        --source-address-prefixes "$ALLOW" --destination-port-ranges 22 --output none
    run_az vm create --resource-group "$NAME" --name "$NAME" --image "$IMAGE" --size "$SIZE" \
        --v-cpus-per-core "$THREADS" --admin-username azureuser --ssh-key-values "$KEY.pub" \
        --nsg "$NAME-nsg" --nsg-rule NONE --public-ip-sku Standard --storage-sku Premium_LRS \
        --os-disk-size-gb 64 --custom-data "$user_data" \
        --tags "purpose=$TAG" "owner=$OWNER" "expires=$expires" --output none
    # Before anything is waited for: a machine nobody comes back to must not run for ever.
    run_az vm auto-shutdown --resource-group "$NAME" --name "$NAME" --time "$SHUTDOWN" --output none
    local where
    where=$(address)
    say "$NAME is at $where; first boot and provisioning take a while"
    wait_provisioned "$where"
}

command_start() {
    run_az vm start --resource-group "$NAME" --name "$NAME" --output none
    local where
    where=$(address)
    wait_ssh "$where"
    # Deallocation may have moved it to another host: another CPU model means another machine. It
    # verifies itself at each boot, which is over when the system runs.
    there "$where" "timeout $START_LIMIT_S systemctl is-system-running --wait >/dev/null; bench-pins show"
}

command_stop() { run_az vm deallocate --resource-group "$NAME" --name "$NAME" --output none; }

command_status() {
    local fields='{name:name,power:powerState,address:publicIps,size:hardwareProfile.vmSize,location:location,tags:tags}'
    local format=yaml
    $JSON && format=json
    run_az vm show --show-details --resource-group "$NAME" --name "$NAME" --query "$fields" --output "$format"
}

command_ssh() {
    local where
    where=$(address)
    if [ ${#ARGUMENTS[@]} -gt 0 ]; then
        there "$where" "${ARGUMENTS[@]}"
    elif $DRY_RUN; then
        there "$where"
    else
        exec ssh "${ssh_options[@]/BatchMode=yes/BatchMode=no}" -t "$USER_THERE@$where"
    fi
}

command_push() {
    local commit where
    commit=$(git -C "$ROOT" rev-parse HEAD)
    if [ -n "$(git -C "$ROOT" status --porcelain --untracked-files=no)" ]; then
        say "uncommitted changes stay here; ${commit:0:12} goes there"
    fi
    where=$(address)
    local take="set -e; mkdir -p bench; cd bench; [ -d .git ] || git init --quiet; \
bundle=\$(mktemp); trap 'rm -f \"\$bundle\"' EXIT; cat >\"\$bundle\"; \
git fetch --quiet \"\$bundle\" HEAD; git checkout --quiet --detach $commit; git log -1 --oneline"
    if $DRY_RUN; then
        there "$where" "$take"
    else
        git -C "$ROOT" bundle create --quiet - HEAD | there "$where" "$take"
    fi
}

command_bench() {
    local range=${ARGUMENTS[0]} where words
    words=$(printf '%q ' "TARGET=$TARGET" "RANGE=$range" "ARGS=${ARGUMENTS[*]:1}")
    where=$(address)
    # A lost connection loses nothing: the harness goes on where it stopped when this is run again.
    there "$where" "cd bench && flock --nonblock --conflict-exit-code 75 .vm-manage.lock timeout $BENCH_LIMIT_S make bench $words"
}

command_fetch() {
    local where pack target
    target=$(printf '%q' "$TARGET")
    # Runs, histories and calibrations of the target; receive.py takes nothing else.
    pack="mkdir -p bench/data && cd bench/data && { \
find $target -mindepth 5 -maxdepth 5 -type f ! -name '.*'; \
find calibration -mindepth 4 -maxdepth 4 -type f ! -name '.*' -path 'calibration/*/'$target'-py*/*'; \
} 2>/dev/null | tar -czf - --verbatim-files-from -T -"
    where=$(address)
    if $DRY_RUN; then
        there "$where" "$pack"
        return
    fi
    # First whole: half an archive must not become half a run.
    there "$where" "$pack" | head -c "$FETCH_LIMIT_B" >"$SCRATCH/archive" ||
        fail "the runs did not arrive whole (or are more than $FETCH_LIMIT_B bytes); nothing here was changed"
    python3 -I "$HERE/receive.py" "$SCRATCH/archive" --data "$RESULTS_TO/data" --target "$TARGET" ||
        fail "not everything of $NAME was taken; the reasons are above"
    say "the runs of $TARGET from $NAME are in data/; make report writes them up"
}

command_delete() {
    local typed
    if ! $YES && ! $DRY_RUN; then
        read -r -p "Type the name of the resource group to delete it with all in it: " typed || typed=''
        [ "$typed" = "$NAME" ] || fail "\"$typed\" is not $NAME: nothing was deleted"
    fi
    run_az group delete --name "$NAME" --yes --output none
}

# --- arguments ----------------------------------------------------------------------------------

parse() {
    while [ $# -gt 0 ]; do
        case $1 in
        --dry-run) DRY_RUN=true ;;
        --yes) YES=true ;;
        --json) JSON=true ;;
        --allow-wide) ALLOW_WIDE=true ;;
        --)
            ARGUMENTS+=("${@:2}")
            break
            ;;
        --*)
            parse_value "$@"
            shift
            ;;
        *) ARGUMENTS+=("$1") ;;
        esac
        shift
    done
}

parse_value() { # option, value, rest…
    local known=' --name --allow-from --owner --expires --shutdown --location --size --image --threads
 --key --repository --revision --variables --target '
    [[ ${known//$'\n'/ } == *" $1 "* ]] || misuse "unknown option $1"
    [[ $# -ge 2 && $2 != --* ]] || misuse "$1 needs a value"
    case $1 in
    --name) NAME=$2 ;;
    --allow-from) ALLOW=$2 ;;
    --owner) OWNER=$2 ;;
    --expires) EXPIRES=$2 ;;
    --shutdown) SHUTDOWN=$2 ;;
    --location) LOCATION=$2 ;;
    --size) SIZE=$2 ;;
    --image) IMAGE=$2 ;;
    --threads) THREADS=$2 ;;
    --key) KEY=$2 ;;
    --repository) REPOSITORY=$2 ;;
    --revision) REVISION=$2 ;;
    --variables) VARIABLES=$2 ;;
    --target) TARGET=$2 ;;
    esac
}

check() {
    [[ $NAME =~ ^[a-z][a-z0-9-]{1,40}$ ]] || misuse "--name: \"$NAME\" is not lower-case letters, digits and -"
    [[ $SHUTDOWN =~ ^([01][0-9]|2[0-3])[0-5][0-9]$ ]] || misuse "--shutdown: \"$SHUTDOWN\" is not a time such as 1900"
    [[ $THREADS =~ ^[12]$ ]] || misuse "--threads: 1 or 2"
    [[ -z $EXPIRES || $EXPIRES =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || misuse "--expires: \"$EXPIRES\" is not a day such as 2026-12-31"
    [[ $TARGET =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || misuse "--target: \"$TARGET\" is not a target's name"
    [[ "$REPOSITORY$REVISION" != *\'* ]] || misuse "--repository and --revision can't hold a quote"
}

main() {
    local command=${1:-help}
    shift || true
    case $command in
    help | -h | --help) usage && exit 0 ;;
    cloud-init | create | start | stop | status | ssh | push | bench | fetch | delete) ;;
    *) misuse "unknown command $command" ;;
    esac
    parse "$@"
    check
    [ "$command" != bench ] || [ ${#ARGUMENTS[@]} -ge 1 ] || misuse "bench needs a range: base..head"
    prepare_ssh
    if [ "$command" = cloud-init ]; then
        render_cloud_init
        return
    fi
    $DRY_RUN || command -v az >/dev/null || fail "az, Azure's command line, is not installed (pip install azure-cli), or try --dry-run"
    [ "$command" = create ] || require_ours
    "command_$command"
}

main "$@"
