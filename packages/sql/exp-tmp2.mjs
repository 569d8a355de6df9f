import mysql from 'mysql2/promise';
import { readFileSync } from 'node:fs';
for (const s of ['mysql','mariadb']) {
  const url = readFileSync(`/tmp/my/${s}.url`,'utf8');
  const c = await mysql.createConnection({uri:url, dateStrings:true, multipleStatements: true});
  await c.query('DROP TABLE IF EXISTS t'); await c.query('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, k VARCHAR(10) UNIQUE, status VARCHAR(20), v INT, rev BIGINT)');
  for (const mode of ["STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", ""]) {
  await c.query(`SET SESSION sql_mode='${mode}'`); await c.query('DELETE FROM t');
  const put = async (how, rows, token) => {
    const sql = `INSERT INTO t (k,status,v,rev) VALUES ${rows.map(()=>'(?,?,?,?)').join(',')} ON DUPLICATE KEY UPDATE rev = IF(NOT (status <=> 'SUCCESS'), VALUES(rev), 9223372036854775807 + id), status=VALUES(status), v=VALUES(v)`;
    try { const [r] = await c[how](sql, rows.flatMap(r=>[...r,token]));
    return r.affectedRows; } catch (e) { return [e.errno, e.code, e.message]; }
  };
  console.log(s, mode, await put('query', [['a','S',1],['b','S',1],['c','SUCCESS',1]], 1));
  console.log('final', await put('query', [['a','S',2],['n','S',1],['c','S',2]], 2));
  console.log('final exec', await put('execute', [['c','S',2]], 2));
  console.log('ok exec', await put('execute', [['a','S',2]], 2));
  console.log((await c.query('SELECT * FROM t'))[0]);
  }
  try { console.log((await c.query("SET SESSION autocommit = 1, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 10 /*!80000 , max_execution_time = 5000 */ /*M!100100 , max_statement_time = 5 */, NAMES utf8mb4"))[0].warningStatus); console.log((await c.query("SHOW VARIABLES WHERE variable_name IN ('max_execution_time','max_statement_time','innodb_lock_wait_timeout','character_set_client')"))[0]);} catch(e) { console.log(e.message)}
  await c.end();
}
