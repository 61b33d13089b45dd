"""What an evidence pack says of itself to whoever opens it, in Chinese and English."""

from typing import Final

README_TEXT: Final = """\
证据包 / evidence pack ({format})

违约事项 violation {violation}

manifest.json   本包各文件的 SHA-256；manifest.sig 为对其字节的 Ed25519 签名
                SHA-256 of every file; manifest.sig is the Ed25519 signature over its bytes
violation.json  违约事项（如接口所示） the violation as the API serves it
history.json    历史各行的序号、时间、行为人与哈希 number, instant, actor and hash of each line
history/N.json  第 N 行原文；哈希 = SHA-256(上一行哈希 + 原文)
                line N as it was hashed; hash = SHA-256(hash before + these bytes)
facts.json      所依据的事件在总线上的位置 where the events stand on the bus
facts/N.json    事件数据的规范形式（键排序的 JSON）；证据中的 digest 为其 SHA-256 的前 16 字节
                data of an event, as JSON with sorted keys; the first 16 bytes of its SHA-256 are
                the digest that the evidence names
attachments.json 申辩所附材料，由哪一行附上；attachments/ 为材料原件，文件名即其 SHA-256
                what was put beside disputes, and by which line; attachments/ holds the files, each
                called by its SHA-256
policy.json     条款原文与取值 texts of the clauses, and values with their basis

核验 check:  vbp verify PACK.zip --key KEY.pem
"""
