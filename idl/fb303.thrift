/*
 * The management service that the Hive Metastore inherits from Facebook's fb303, as every version of Hive speaks it.
 * Comments and conventions are those of hive_metastore.thrift.
 */

namespace java com.facebook.fb303
namespace py fb303

// since 1.2
enum fb_status {
  DEAD = 0,
  STARTING = 1,
  ALIVE = 2,
  STOPPING = 3,
  STOPPED = 4,
  WARNING = 5,
}

service FacebookService {
  // since 1.2
  i64 aliveSince(),
  // since 1.2
  i64 getCounter(1: string key),
  // since 1.2
  map<string,i64> getCounters(),
  // since 1.2
  string getCpuProfile(1: i32 profileDurationInSec),
  // since 1.2
  string getName(),
  // since 1.2
  string getOption(1: string key),
  // since 1.2
  map<string,string> getOptions(),
  // since 1.2
  fb_status getStatus(),
  // since 1.2
  string getStatusDetails(),
  // since 1.2
  string getVersion(),
  // since 1.2
  oneway void reinitialize(),
  // since 1.2
  void setOption(1: string key, 2: string value),
  // since 1.2
  oneway void shutdown(),
}
