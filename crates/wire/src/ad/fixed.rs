//! The AD structures of one form each, as a table: what reads them, writes them and shows them is made of it.

/// Runs `$then` on the table: structures of a fixed length, of text, and of octets that another specification explains.
macro_rules! structures {
    ($then:ident) => {
        $then! {
            fixed {
                /// Power of transmission, in dBm (Supplement, Part A, 1.5).
                tx_power = TX_POWER[1]: i8;
                /// Class of Device, least significant octet first (1.6).
                class_of_device = CLASS_OF_DEVICE[3]: [u8; 3];
                /// Hash of BR/EDR's out of band data, P-192 (1.6).
                simple_pairing_hash_192 = SIMPLE_PAIRING_HASH_192[16]: [u8; 16];
                /// Randomizer of BR/EDR's out of band data, P-192 (1.6).
                simple_pairing_randomizer_192 = SIMPLE_PAIRING_RANDOMIZER_192[16]: Secret<16>;
                /// Temporary key of legacy pairing, out of band (1.8).
                security_manager_tk_value = SECURITY_MANAGER_TK_VALUE[16]: Secret<16>;
                /// What is known out of band (1.7).
                security_manager_oob_flags = SECURITY_MANAGER_OOB_FLAGS[1]: OobFlags;
                /// The connection interval a peripheral likes (1.9).
                peripheral_connection_interval_range = PERIPHERAL_CONNECTION_INTERVAL_RANGE[4]: ConnectionIntervalRange;
                /// What the device looks like (1.12; Assigned Numbers, 2.6).
                appearance = APPEARANCE[2]: u16;
                /// Which roles the device has, and prefers (1.17).
                le_role = LE_ROLE[1]: LeRole;
                /// Hash of BR/EDR's out of band data, P-256 (1.6).
                simple_pairing_hash_256 = SIMPLE_PAIRING_HASH_256[16]: [u8; 16];
                /// Randomizer of BR/EDR's out of band data, P-256 (1.6).
                simple_pairing_randomizer_256 = SIMPLE_PAIRING_RANDOMIZER_256[16]: Secret<16>;
                /// Confirm value of Secure Connections, out of band (1.6).
                secure_connections_confirmation = SECURE_CONNECTIONS_CONFIRMATION[16]: [u8; 16];
                /// Random value of Secure Connections, out of band (1.6).
                secure_connections_random = SECURE_CONNECTIONS_RANDOM[16]: Secret<16>;
                /// The channels a periodic advertiser is going to use (1.20).
                channel_map_update = CHANNEL_MAP_UPDATE[7]: ChannelMapUpdate;
                /// Key of an encrypted isochronous group (1.22).
                broadcast_code = BROADCAST_CODE[16]: Secret<16>;
                /// What tells the members of a coordinated set (Coordinated Set Identification Service, 4).
                resolvable_set_identifier = RESOLVABLE_SET_IDENTIFIER[6]: ResolvableSetIdentifier;
                /// When responses to periodic advertising may be sent (1.24).
                periodic_advertising_response_timing = PERIODIC_ADVERTISING_RESPONSE_TIMING[8]: ResponseTiming;
            }
            text {
                /// The local name as far as there was room (1.2).
                shortened_name = SHORTENED_NAME;
                /// The complete local name (1.2).
                complete_name = COMPLETE_NAME;
                /// Name of a broadcast (Assigned Numbers, 6.12.6.13).
                broadcast_name = BROADCAST_NAME;
            }
            octets {
                /// As the Indoor Positioning Service says.
                indoor_positioning = INDOOR_POSITIONING;
                /// Provisioning of Mesh (Mesh Protocol, 5.2.1).
                pb_adv = PB_ADV;
                /// A PDU of the Mesh network (Mesh Protocol, 3.3.1).
                mesh_message = MESH_MESSAGE;
                /// A beacon of Mesh (Mesh Protocol, 3.9).
                mesh_beacon = MESH_BEACON;
                /// How to synchronize with an isochronous group (Core, Vol 6, Part B, 4.4.6.11).
                big_info = BIG_INFO;
                /// As the Electronic Shelf Label Profile says.
                electronic_shelf_label = ELECTRONIC_SHELF_LABEL;
                /// As the 3D Synchronization Profile says.
                three_d_information = THREE_D_INFORMATION;
            }
        }
    };
}
pub(super) use structures;
