"""What Bumble 0.0.236, tshark 4.0 and btmon 5.66 call differently from us, do not know, and take for wrong.

Our names are the specification's (Core 6.0, and the Assigned Numbers for AD types); of signalling and SMP they are nearly btmon's.
"""

# By who says it and the kind of number: our name, and theirs. Older editions of the specification, abbreviations, and
# spelling.
CALLED = {
    ('Bumble', 'ad'): {
        'Incomplete List of 16-bit Service UUIDs': 'INCOMPLETE LIST OF 16 BIT SERVICE CLASS UUIDS',
        'Complete List of 16-bit Service UUIDs': 'COMPLETE LIST OF 16 BIT SERVICE CLASS UUIDS',
        'Incomplete List of 32-bit Service UUIDs': 'INCOMPLETE LIST OF 32 BIT SERVICE CLASS UUIDS',
        'Complete List of 32-bit Service UUIDs': 'COMPLETE LIST OF 32 BIT SERVICE CLASS UUIDS',
        'Incomplete List of 128-bit Service UUIDs': 'INCOMPLETE LIST OF 128 BIT SERVICE CLASS UUIDS',
        'Complete List of 128-bit Service UUIDs': 'COMPLETE LIST OF 128 BIT SERVICE CLASS UUIDS',
        '3D Information Data': 'THREE D INFORMATION DATA',
    },
    ('Bumble', 'att error'): {
        'Encryption Key Size Too Short': 'INSUFFICIENT ENCRYPTION KEY SIZE',
        'Invalid Attribute Value Length': 'INVALID ATTRIBUTE LENGTH',
        'Client Characteristic Configuration Descriptor Improperly Configured': 'CCCD IMPROPERLY CONFIGURED',
    },
    ('Bumble', 'signal'): {
        'LE Connection Request': 'LE CREDIT BASED CONNECTION REQUEST',
        'LE Connection Response': 'LE CREDIT BASED CONNECTION RESPONSE',
        'Enhanced Credit Connection Request': 'CREDIT BASED CONNECTION REQUEST',
        'Enhanced Credit Connection Response': 'CREDIT BASED CONNECTION RESPONSE',
        'Enhanced Credit Reconfigure Request': 'CREDIT BASED RECONFIGURE REQUEST',
        'Enhanced Credit Reconfigure Response': 'CREDIT BASED RECONFIGURE RESPONSE',
    },
    ('Bumble', 'smp'): {
        'Central Identification': 'MASTER IDENTIFICATION',
    },
    ('Bumble', 'smp reason'): {
        'BR/EDR Pairing In Progress': 'BD EDR PAIRING IN PROGRESS',
        'Cross-transport Key Derivation/Generation Not Allowed': 'CROSS TRANSPORT KEY DERIVATION NOT ALLOWED',
    },
    ('Bumble', 'status'): {
        'Connection Accept Timeout Exceeded': 'CONNECTION ACCEPT TIMEOUT',
        'Invalid HCI Command Parameters': 'INVALID COMMAND PARAMETERS',
        'Invalid LMP Parameters / Invalid LL Parameters': 'INVALID LMP OR LL PARAMETERS',
        'Unsupported LMP Parameter Value / Unsupported LL Parameter Value': 'UNSUPPORTED LMP OR LL PARAMETER VALUE',
        'LMP Response Timeout / LL Response Timeout': 'LMP OR LL RESPONSE TIMEOUT',
        'LMP Error Transaction Collision / LL Procedure Collision': 'LMP ERROR TRANSACTION COLLISION OR LL PROCEDURE COLLISION',
        'Connection Failed to be Established / Synchronization Timeout': 'CONNECTION FAILED TO BE ESTABLISHED',
    },
    ('btmon', 'att'): {
        'Read Multiple Variable Request': 'Read Multiple Request Variable Length',
        'Read Multiple Variable Response': 'Read Multiple Response Variable Length',
        'Multiple Handle Value Notification': 'Handle Multiple Value Notification',
    },
    ('btmon', 'command'): {
        'Read LE Host Support': 'Read LE Host Supported',
        'Write LE Host Support': 'Write LE Host Supported',
        'LE Read Buffer Size [v2]': 'LE Read Buffer v2',
        'LE Read Advertising Physical Channel Tx Power': 'LE Read Advertising Channel TX Power',
        'LE Set Advertising Enable': 'LE Set Advertise Enable',
        'LE Read Filter Accept List Size': 'LE Read Accept List Size',
        'LE Clear Filter Accept List': 'LE Clear Accept List',
        'LE Add Device To Filter Accept List': 'LE Add Device To Accept List',
        'LE Remove Device From Filter Accept List': 'LE Remove Device From Accept List',
        'LE Read Remote Features': 'LE Read Remote Used Features',
        'LE Enable Encryption': 'LE Start Encryption',
        'LE Long Term Key Request Negative Reply': 'LE Long Term Key Request Neg Reply',
        'LE Set Periodic Advertising Receive Enable': 'LE Periodic Advertising Receive Enable',
        'LE Set Periodic Advertising Sync Transfer Parameters': 'LE Periodic Advertising Sync Transfer Parameters',
        'LE Set Default Periodic Advertising Sync Transfer Parameters': 'LE Set Default Periodic Advertisng Sync Transfer Parameters',
    },
    ('btmon', 'signal'): {
        'Enhanced Credit Reconfigure Response': 'Enhanced Credit Reconfigure Respond',
    },
    ('tshark', 'ad'): {
        'Incomplete List of 16-bit Service UUIDs': '16-bit Service Class UUIDs (incomplete)',
        'Complete List of 16-bit Service UUIDs': '16-bit Service Class UUIDs',
        'Incomplete List of 32-bit Service UUIDs': '32-bit Service Class UUIDs (incomplete)',
        'Complete List of 32-bit Service UUIDs': '32-bit Service Class UUIDs',
        'Incomplete List of 128-bit Service UUIDs': '128-bit Service Class UUIDs (incomplete)',
        'Complete List of 128-bit Service UUIDs': '128-bit Service Class UUIDs',
        'Shortened Local Name': 'Device Name (shortened)',
        'Complete Local Name': 'Device Name',
        'Simple Pairing Hash C-192': 'Simple Pairing Hash C',
        'Simple Pairing Randomizer R-192': 'Simple Pairing Randomizer R',
        'Security Manager TK Value': 'Device ID / Security Manager TK Value',
        'Peripheral Connection Interval Range': 'Slave Connection Interval Range',
        'Manufacturer Specific Data': 'Manufacturer Specific',
    },
    ('tshark', 'command'): {
        'Set Controller To Host Flow Control': 'Set Host Controller To Host Flow Control',
        'Read Transmit Power Level': 'Read Tx Power Level',
        'Read LE Host Support': 'Read LE Host Supported',
        'Write LE Host Support': 'Write LE Host Supported',
        'LE Read Buffer Size': 'LE Read Buffer Size [v1]',
        'LE Read Advertising Physical Channel Tx Power': 'LE Read Advertising Channel Tx Power',
        'LE Set Advertising Enable': 'LE Set Advertise Enable',
        'LE Read Filter Accept List Size': 'LE Read White List Size',
        'LE Clear Filter Accept List': 'LE Clear White List',
        'LE Add Device To Filter Accept List': 'LE Add Device To White List',
        'LE Remove Device From Filter Accept List': 'LE Remove Device From White List',
        'LE Enable Encryption': 'LE Start Encryption',
        'LE Generate DHKey': 'LE Generate DHKey [v1]',
    },
    ('tshark', 'signal'): {
        'LE Connection Request': 'LE Credit Based Connection Request',
        'LE Connection Response': 'LE Credit Based Connection Response',
    },
    ('tshark', 'smp'): {
        'Central Identification': 'Master Identification',
    },
}

# What is newer than they are, or of no use to them.
LACKS = {
    ('Bumble', 'att'): [
        'Multiple Handle Value Notification',
    ],
    ('Bumble', 'opcode'): [
        'NOP',
        'Read Local Supported Commands [v2]',
    ],
    ('Bumble', 'smp reason'): [
        'Key Rejected',
        'Busy',
    ],
    ('Bumble', 'status'): [
        'MAC Connection Failed',
        'Too Late',
        'Too Early',
        'Insufficient Channels',
    ],
    ('btmon', 'command'): [
        'Read Local Supported Commands [v2]',
        'LE Set Host Feature [v2]',
        'LE Read All Local Supported Features',
        'LE Read All Remote Features',
        'LE Generate DHKey [v2]',
        'LE Set Extended Advertising Parameters [v2]',
        'LE Set Data Related Address Changes',
        'LE Set Decision Data',
        'LE Set Periodic Advertising Parameters [v2]',
        'LE Set Periodic Advertising Subevent Data',
        'LE Set Periodic Advertising Response Data',
        'LE Extended Create Connection [v2]',
        'LE Set Connectionless CTE Transmit Parameters',
        'LE Set Connectionless CTE Transmit Enable',
        'LE Set Connectionless IQ Sampling Enable',
        'LE Set Connection CTE Receive Parameters',
        'LE Set Connection CTE Transmit Parameters',
        'LE Connection CTE Request Enable',
        'LE Connection CTE Response Enable',
        'LE Read Antenna Information',
        'LE Modify Sleep Clock Accuracy',
        'LE Enhanced Read Transmit Power Level',
        'LE Read Remote Transmit Power Level',
        'LE Set Path Loss Reporting Parameters',
        'LE Set Path Loss Reporting Enable',
        'LE Set Transmit Power Reporting Enable',
        'LE Set Default Subrate',
        'LE Subrate Request',
        'LE Set Decision Instructions',
        'LE Set Periodic Sync Subevent',
        'LE Add Device To Monitored Advertisers List',
        'LE Remove Device From Monitored Advertisers List',
        'LE Clear Monitored Advertisers List',
        'LE Read Monitored Advertisers List Size',
        'LE Enable Monitoring Advertisers',
        'LE Frame Space Update',
    ],
    ('tshark', 'ad'): [
        'Resolvable Set Identifier',
        'Advertising Interval - long',
        'Broadcast_Name',
        'Encrypted Advertising Data',
        'Periodic Advertising Response Timing Information',
        'Electronic Shelf Label',
    ],
    ('tshark', 'att'): [
        'Read Multiple Variable Request',
        'Read Multiple Variable Response',
        'Multiple Handle Value Notification',
    ],
    ('tshark', 'command'): [
        'Read Local Supported Commands [v2]',
        'LE Set Host Feature [v2]',
        'LE Read All Local Supported Features',
        'LE Read All Remote Features',
        'LE Set Extended Advertising Parameters [v2]',
        'LE Set Decision Data',
        'LE Set Periodic Advertising Parameters [v2]',
        'LE Set Periodic Advertising Subevent Data',
        'LE Set Periodic Advertising Response Data',
        'LE Extended Create Connection [v2]',
        'LE Set Decision Instructions',
        'LE Set Periodic Sync Subevent',
        'LE Add Device To Monitored Advertisers List',
        'LE Remove Device From Monitored Advertisers List',
        'LE Clear Monitored Advertisers List',
        'LE Read Monitored Advertisers List Size',
        'LE Enable Monitoring Advertisers',
        'LE Frame Space Update',
    ],
    ('tshark', 'signal'): [
        'Enhanced Credit Connection Request',
        'Enhanced Credit Connection Response',
        'Enhanced Credit Reconfigure Request',
        'Enhanced Credit Reconfigure Response',
    ],
}

# What they say of packets that are right. To tshark, AD type 0x10 is always a Device ID, which it is in BR/EDR only; it has no
# dissector for some data of others. btmon gives up on a Read Multiple Variable Response, and names a reason that holds the word
# "invalid".
COMPLAINTS = {
    ('btmon', 'att'): [
        ('Read Multiple Variable Response', 'invalid size'),
    ],
    ('btmon', 'signal'): [
        ('Command Reject', 'Reason: Invalid CID in request (0x0002)'),
    ],
    ('tshark', 'ad'): [
        ('Security Manager TK Value', 'Undecoded'),
        ('Security Manager TK Value', 'malformed'),
        ('Security Manager TK Value', 'Malformed Packet (Exception occurred)'),
        ('Transport Discovery Data', 'Undecoded'),
        ('BIGInfo', 'Unknown data'),
        ('Manufacturer Specific Data', 'Undecoded'),
    ],
}

ALL = {(*of, *names) for of, called in CALLED.items() for names in called.items()}
ALL |= {(*of, name) for of, names in LACKS.items() for name in names}
ALL |= {(*of, *complaint) for of, complaints in COMPLAINTS.items() for complaint in complaints}
