//! Encryption and keys (Vol 4, Part E, 7.8.22 to 7.8.26, 7.8.36, 7.8.37).

use super::macros::commands;
use crate::hci::{ConnectionHandle, Secret};

commands! {
    /// Encrypts a block with AES-128 (7.8.22).
    LeEncrypt = LE_ENCRYPT {
        /// Least significant octet first.
        key: Secret<16>,
        /// Least significant octet first.
        plaintext: Secret<16>,
    } -> Secret<16>;
    /// Asks for eight random octets (7.8.23).
    LeRand = LE_RAND {} -> [u8; 8];
    /// Encrypts a link, as its central (7.8.24).
    LeEnableEncryption = LE_ENABLE_ENCRYPTION {
        /// The link.
        handle: ConnectionHandle,
        /// Names the key to the peer; zero with LE Secure Connections.
        random: [u8; 8],
        /// Names the key to the peer; zero with LE Secure Connections.
        diversifier: u16,
        /// Least significant octet first.
        key: Secret<16>,
    } -> ();
    /// Gives the key that was asked for (7.8.25).
    LeLongTermKeyRequestReply = LE_LONG_TERM_KEY_REQUEST_REPLY {
        /// The link.
        handle: ConnectionHandle,
        /// Least significant octet first.
        key: Secret<16>,
    } -> ConnectionHandle;
    /// Refuses a key (7.8.26).
    LeLongTermKeyRequestNegativeReply = LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY {
        /// The link.
        handle: ConnectionHandle,
    } -> ConnectionHandle;
    /// Makes a new P-256 key pair and asks for its public half (7.8.36).
    LeReadLocalP256PublicKey = LE_READ_LOCAL_P256_PUBLIC_KEY {} -> ();
    /// Multiplies the peer's public key with our private one (7.8.37).
    LeGenerateDhKey = LE_GENERATE_DHKEY {
        /// Least significant octet first.
        key_x: [u8; 32],
        /// Least significant octet first.
        key_y: [u8; 32],
    } -> ();
    /// Multiplies the peer's public key with a private one (7.8.37).
    LeGenerateDhKeyV2 = LE_GENERATE_DHKEY_V2 {
        /// Least significant octet first.
        key_x: [u8; 32],
        /// Least significant octet first.
        key_y: [u8; 32],
        /// 0 the generated private key, 1 the debug key.
        kind: u8,
    } -> ();
}
