//! The seccomp filter as a program for the kernel: which calls wait, which are refused, which pass.
//!
//! Does not know what becomes of those that wait.

use super::calls::{self, ARCH, CLOSED, FOREIGN_FROM};
use libc::sock_filter;

const LOAD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;
/// Where the call's number and its instruction set lie in what the program sees.
const NUMBER_AT: u32 = 0;
const ARCH_AT: u32 = 4;

const PASS: u32 = libc::SECCOMP_RET_ALLOW;
const WAIT: u32 = libc::SECCOMP_RET_USER_NOTIF;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// Calls that name files wait; so do those of foreign conventions, whose numbers mean something else, so that they
/// can be refused and told. `io_uring` is refused as if the kernel did not have it.
pub(in super::super) fn program() -> Vec<sock_filter> {
    let mut tests: Vec<(u16, u32, u32)> = Vec::new();
    tests.extend(FOREIGN_FROM.map(|from| (JUMP_AT_LEAST, from, WAIT)));
    tests.extend(calls::all().map(|(number, _)| (JUMP_EQUAL, number, WAIT)));
    tests.extend(
        CLOSED
            .iter()
            .map(|&number| (JUMP_EQUAL, number as u32, REFUSE)),
    );
    let mut program = vec![
        step(LOAD, ARCH_AT),
        // Skips the return when it is this machine's.
        sock_filter {
            code: JUMP_EQUAL,
            jt: 1,
            jf: 0,
            k: ARCH,
        },
        step(RETURN, WAIT),
        step(LOAD, NUMBER_AT),
    ];
    let count = tests.len();
    for (index, (code, k, verdict)) in tests.into_iter().enumerate() {
        // Behind the tests lie three returns: pass, wait, refuse.
        let to_pass = count - index - 1;
        let jump = to_pass + if verdict == WAIT { 1 } else { 2 };
        let jt = u8::try_from(jump).expect("the table of calls is short");
        program.push(sock_filter { code, jt, jf: 0, k });
    }
    program.extend([step(RETURN, PASS), step(RETURN, WAIT), step(RETURN, REFUSE)]);
    program
}

const fn step(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer.
    fn verdict(arch: u32, number: u32) -> u32 {
        let (program, mut at, mut loaded) = (program(), 0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            at += 1;
            let holds = match code {
                LOAD => {
                    loaded = if k == ARCH_AT { arch } else { number };
                    continue;
                }
                RETURN => return k,
                JUMP_EQUAL => loaded == k,
                JUMP_AT_LEAST => loaded >= k,
                other => panic!("no such step: {other}"),
            };
            at += usize::from(if holds { jt } else { jf });
        }
    }

    #[test]
    fn what_names_files_waits_and_the_rest_passes() {
        for (number, _) in calls::all() {
            assert_eq!(verdict(ARCH, number), WAIT, "{number}");
        }
        for number in CLOSED {
            assert_eq!(verdict(ARCH, *number as u32), REFUSE, "{number}");
        }
        for number in [libc::SYS_read, libc::SYS_sendmsg, libc::SYS_exit_group, 999] {
            assert_eq!(verdict(ARCH, number as u32), PASS, "{number}");
        }
    }

    #[test]
    fn foreign_conventions_wait_whatever_they_call() {
        const I386: u32 = 0x4000_0003;
        assert_eq!(verdict(I386, libc::SYS_read as u32), WAIT);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(verdict(ARCH, 0x4000_0000), WAIT);
    }
}
