"""Compares our names of numbers with Bumble's, and what tshark and btmon call a packet of each kind with what we do.

usage: bumble_numbers.py NUMBERS CAPTURE TABLE..: NUMBERS is what the binary `numbers` printed when it wrote CAPTURE of the tables.
What they call differently, and what they do not know yet, stands in known_names.py; an entry that is not needed is a failure.
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import known_names as known
from bumble import att, core, hci, l2cap, smp


def normal(name):
    """Words in capitals, without what the specification puts between them; `v2` for `[v2]`."""
    return ' '.join(re.sub(r'[^A-Z0-9]+', ' ', name.upper()).split())


# Entries of known_names.py that were needed.
needed = set()


def is_known(*entry):
    """Whether an entry stands in known_names.py."""
    found = entry in known.ALL
    if found:
        needed.add(entry)
    return found


def is_named(who, kind, name, theirs):
    """Whether one of their names is ours."""
    return any(normal(t) == normal(name) or is_known(who, kind, name, t) for t in theirs)


def of(names, prefix='', suffix=''):
    """Numbers to the names that Bumble has for them."""
    numbers = {}
    for name, number in names:
        if name.startswith(prefix) and name.endswith(suffix):
            name = name[len(prefix): len(name) - len(suffix)]
            numbers.setdefault(int(number), set()).add(normal(name))
    return numbers


def members(enumeration, prefix='', suffix=''):
    return of(enumeration.__members__.items(), prefix, suffix)


def constants(prefix, suffix):
    return of(((k, v) for k, v in vars(hci).items() if isinstance(v, int)), prefix, suffix)


def events(is_le):
    """Events, or LE subevents: Bumble's constants do not tell them apart but by name."""
    numbers = {}
    for number, names in constants('HCI_', '_EVENT').items():
        chosen = {name for name in names if (name.startswith('LE ') and name != 'LE META') == is_le}
        numbers |= {number: chosen} if chosen else {}
    return numbers


BUMBLE = {
    'opcode': constants('HCI_', '_COMMAND'),
    'status': members(hci.HCI_ErrorCode, suffix='_ERROR') | {0: {'SUCCESS'}},
    'event': events(False),
    'subevent': events(True),
    'signal': members(l2cap.CommandCode, 'L2CAP_'),
    'smp': members(smp.CommandCode),
    'smp reason': members(smp.ErrorCode),
    'ad': members(core.AdvertisingData.Type),
    'att': members(att.Opcode, 'ATT_'),
    'att error': members(att.ErrorCode),
}


def bumble(numbers):
    """How many names agree, and what does not."""
    agree, wrong = 0, []
    for line in open(numbers, encoding='utf-8'):
        kind, number, name = line.rstrip('\n').split('\t')
        theirs = BUMBLE[kind].get(int(number, 16), set())
        if is_named('Bumble', kind, name, theirs):
            agree += 1
        elif theirs or not is_known('Bumble', kind, name):
            wrong.append(f"Bumble's names of {kind} {number} {name}: {sorted(theirs)}")
    return agree, wrong


def unnamed(numbers):
    """What Bumble has a name for, on LE, and we have not."""
    ours = {tuple(line.split('\t')[:2]) for line in open(numbers, encoding='utf-8')}
    missing = []
    for kind in {kind for kind, _ in ours}:
        for number, names in BUMBLE[kind].items():
            classic = kind == 'opcode' and number >> 10 != 8 or kind == 'signal' and 2 <= number <= 0x11
            if not classic and (kind, hex(number)) not in ours:
                missing.append(f'{kind} {number:#x} is {sorted(names)} to Bumble, and nothing to us')
    return missing


# How a packet is found in tshark's tree, and in a line of btmon.
TSHARK = {
    'command': 'bthci_cmd.opcode',
    'event': 'bthci_evt.code',
    'att': 'btatt.opcode',
    'signal': 'btl2cap.cmd_code',
    'smp': 'btsmp.opcode',
    'ad': 'btcommon.eir_ad.entry.type',
}
SUBEVENT = 'bthci_evt.le_meta_subevent'
BTMON = {
    'command': r'HCI Command: (.*) \(0x',
    'event': r'HCI Event: (.*) \(0x',
    'att': r'^ +ATT: (.*) \(0x',
    'signal': r'^ +LE L2CAP: (.*) \(0x',
    'smp': r'^ +SMP: (.*) \(0x',
}
META = r'HCI Event: LE Meta Event .*\n +(.*) \(0x'
# Severity of an expert's message from which on it is no mere remark.
NOTE = 4194304


def tshark(capture):
    """For each packet: the names of its numbers by field, and what is wrong with it."""
    text = subprocess.run(['tshark', '-r', capture, '-T', 'pdml'], stdout=subprocess.PIPE, check=True).stdout
    for packet in xml.fromstring(text).iter('packet'):
        names, faults = {}, []
        for field in packet.iter():
            name, shown = field.get('name'), field.get('showname', '')
            found = re.search(r': (.*) \(0x', shown)
            if found:
                names.setdefault(name, found[1])
            if name == '_ws.malformed':
                faults.append('malformed')
            if name == '_ws.expert':
                parts = {part.get('name'): part.get('show') for part in field}
                if int(parts['_ws.expert.severity'], 0) >= NOTE:
                    faults.append(parts['_ws.expert.message'])
        yield names, faults


def btmon(capture):
    """For each packet: its lines."""
    text = subprocess.run(['btmon', '--columns', '160', '-r', capture], stdout=subprocess.PIPE, check=True).stdout.decode()
    return re.split(r'^(?=[<>] )', text, flags=re.M)[1:]


def faults_in(text):
    """What btmon complains of."""
    lines = (line.strip() for line in text.splitlines()[1:])
    return [line for line in lines if re.search('invalid|unknown|malformed|undecoded', line, re.I)]


def packets(capture, tables):
    """How many packets both dissectors name as we do, and what they do not."""
    rows = [line.rstrip('\n').split('\t') for table in tables for line in open(table, encoding='utf-8')]
    trees, texts = list(tshark(capture)), btmon(capture)
    # The first packet makes the link.
    if not len(trees) == len(texts) == len(rows) + 1:
        return 0, [f'{len(rows)} packets after the first, {len(trees)} to tshark, {len(texts)} to btmon']
    alike, wrong = 0, []
    for (name, kind, _), (names, faults), text in zip(rows, trees[1:], texts[1:]):
        to_tshark = kind == 'event' and names.get(SUBEVENT) or names.get(TSHARK[kind])
        found = kind == 'event' and re.search(META, text) or re.search(BTMON.get(kind, '$^'), text, flags=re.M)
        judged = {'tshark': (to_tshark, faults)}
        if kind in BTMON:
            judged['btmon'] = (found and found[1], faults_in(text))
        named = 0
        for who, (theirs, faults) in judged.items():
            if is_named(who, kind, name, filter(None, [theirs])):
                named += 1
            elif theirs not in (None, 'Unknown') or not is_known(who, kind, name):
                wrong.append(f'{who} says {theirs} of {kind} {name}')
            else:
                faults = [fault for fault in faults if not re.match('unknown|undecoded', fault, re.I)]
            wrong += [f'{who} on {kind} {name}: {fault}' for fault in faults if not is_known(who, kind, name, fault)]
        alike += named == len(judged)
    return alike, wrong


def main(numbers, capture, *tables):
    agree, wrong = bumble(numbers)
    alike, more = packets(capture, tables)
    unneeded = known.ALL - needed
    wrong += unnamed(numbers) + more + [f'known_names.py has {entry}, which is not needed' for entry in sorted(unneeded)]
    print(*wrong, sep='\n', end='\n' if wrong else '')
    print(f'{agree} numbers agree with Bumble, {alike} packets named alike by tshark and btmon')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main(*sys.argv[1:])
