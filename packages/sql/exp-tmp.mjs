import mysql from 'mysql2/promise';
import { readFileSync } from 'node:fs';
for (const s of ['mysql','mariadb']) {
  const url = readFileSync(`/tmp/my/${s}.url`,'utf8');
  for (const flags of [['-FOUND_ROWS'], []]) {
  const c = await mysql.createConnection({uri:url, flags, dateStrings:true, multipleStatements: true});
  await c.query('DROP TABLE IF EXISTS t'); await c.query('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, k VARCHAR(10) UNIQUE, status VARCHAR(20), v INT, rev BIGINT)');
  const put = async (how, rows, token) => {
    const sql = `INSERT INTO t (k,status,v,rev) VALUES ${rows.map(()=>'(?,?,?,?)').join(',')} ON DUPLICATE KEY UPDATE rev = IF(NOT (status <=> 'SUCCESS'), ?, rev), status=IF(rev=?,VALUES(status),status), v=IF(rev=?,VALUES(v),v)`;
    const [r] = await c[how](sql, [...rows.flatMap(r=>[...r,token]), token,token,token]);
    return [r.affectedRows, r.changedRows, r.info, r.insertId];
  };
  console.log(s, flags, 'new3', await put('query', [['a','S',1],['b','S',1],['c','SUCCESS',1]], 1));
  console.log('upd3 (1 final)', await put('query', [['a','S',1],['b','S',1],['c','SUCCESS',1]], 2));
  console.log('mix new1 upd2 final1', await put('query', [['a','S',1],['b','SUCCESS',1],['c','S',1],['d','S',1]], 3));
  console.log('all final', await put('query', [['b','S',1],['c','S',1]], 4));
  console.log('one final', await put('query', [['b','S',1]], 5));
  console.log('one new exec', await put('execute', [['e','S',1]], 6));
  console.log('one upd exec', await put('execute', [['e','S',1]], 7));
  console.log('one final exec', await put('execute', [['b','S',1]], 8));
  if (s==='mariadb') { const [r] = await c.query(`INSERT INTO t (k,status,v,rev) VALUES ('a','S',1,99),('b','S',1,99),('n','S',1,99) ON DUPLICATE KEY UPDATE rev = IF(NOT (status <=> 'SUCCESS'), 99, rev), status=IF(rev=99,VALUES(status),status), v=IF(rev=99,VALUES(v),v) RETURNING k, rev=99 AS w`); console.log(r); 
   const [r2] = await c.execute(`INSERT INTO t (k,status,v,rev) VALUES (?,'S',1,100) ON DUPLICATE KEY UPDATE rev = IF(NOT (status <=> 'SUCCESS'), 100, rev), status=IF(rev=100,VALUES(status),status), v=IF(rev=100,VALUES(v),v) RETURNING k, rev=100 AS w`,['a']); console.log(r2); }
  await c.end();
  }
}
