use super::listed;
use tokio_serial::{SerialPortInfo, SerialPortType, UsbPortInfo};

fn info(name: &str, port_type: SerialPortType) -> SerialPortInfo {
    SerialPortInfo { port_name: name.into(), port_type }
}

fn usb(product: Option<&str>, serial_number: Option<&str>) -> SerialPortType {
    SerialPortType::UsbPort(UsbPortInfo {
        vid: 0x1366,
        pid: 0x0105,
        serial_number: serial_number.map(Into::into),
        manufacturer: Some("SEGGER".into()),
        product: product.map(Into::into),
    })
}

#[test]
fn usb_comes_first_and_numbers_count() {
    let found = vec![
        info("/dev/ttyS0", SerialPortType::Unknown),
        info("/dev/ttyACM10", usb(Some("J-Link"), None)),
        info("/dev/ttyACM9", usb(Some("J-Link"), Some("000683"))),
        info("/dev/tty.usbmodem1", usb(None, None)),
        info("/dev/cu.usbmodem1", usb(None, None)),
        info("COM3", SerialPortType::PciPort),
    ];
    let lines: Vec<String> = listed(found).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "/dev/cu.usbmodem1  SEGGER, USB 1366:0105",
            "/dev/ttyACM9  J-Link, SEGGER, serial number 000683, USB 1366:0105",
            "/dev/ttyACM10  J-Link, SEGGER, USB 1366:0105",
            "/dev/ttyS0  serial port",
            "COM3  built in",
        ]
    );
}
