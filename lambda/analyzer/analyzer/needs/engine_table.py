"""Backing services and what betrays them: one table for client libraries, images, URL schemes, drivers, variables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Engine:
    """A kind of backing service. All words are lower case and separated by spaces."""

    name: str
    clients: str = ""
    """Libraries that exist to speak to it; a `*` at the end stands for any ending."""
    users: str = ""
    """Libraries that usually, but not always, work with it."""
    images: str = ""
    """Repositories of images, without registry and organization."""
    schemes: str = ""
    """Schemes of its URLs, without a driver such as the `+asyncpg` of SQLAlchemy."""
    drivers: str = ""
    """Its names in settings: Django's ENGINE, Rails' adapter, Prisma's provider, Laravel's DB_CONNECTION."""
    variables: str = ""
    """Environment variables by which it is usually given, as a regular expression."""
    sort: str = ""
    """ "sql" for what DATABASE_URL may mean, "broker" for what hands out work to workers."""


TABLE = (
    Engine(
        "postgresql",
        clients="@mikro-orm/postgresql @neondatabase/serverless @prisma/adapter-pg @vercel/postgres "
        "activerecord-postgis-adapter aiopg amphp/postgres asyncpg github.com/jackc/pgx* github.com/lib/pq "
        "good_job gorm.io/driver/postgres gorm.io/driver/postgresql npgsql "
        "npgsql.entityframeworkcore.postgresql pg pg-native pg-promise pg8000 pgvector postgres postgresql "
        "postgrex psycopg psycopg-binary psycopg-pool psycopg2 psycopg2-binary que r2dbc-postgresql "
        "tokio-postgres",
        images="postgres postgresql postgis timescaledb timescaledb-ha pgvector",
        schemes="postgres postgresql postgis psql pgsql",
        drivers="postgresql postgres pgsql pg postgis postgresql_psycopg2 npgsql cockroachdb",
        variables=r"POSTGRES(QL)?_\w+|PG(HOST|PORT|USER|PASSWORD|DATABASE)|\w*PG_URL",
        sort="sql",
    ),
    Engine(
        "mysql",
        clients="@mikro-orm/mysql @planetscale/database aiomysql asyncmy github.com/go-sql-driver/mysql "
        "gorm.io/driver/mysql mariadb mariadb-java-client mysql mysql-async mysql-connector-j "
        "mysql-connector-java mysql-connector-python mysql.data mysql2 mysqlclient mysqlconnector myxql "
        "pomelo.entityframeworkcore.mysql pymysql trilogy",
        images="mysql mysql-server mariadb percona percona-server",
        schemes="mysql mysql2 mariadb trilogy",
        drivers="mysql mysql2 mariadb trilogy",
        variables=r"MYSQL_\w+|MARIADB_\w+",
        sort="sql",
    ),
    Engine(
        "sqlserver",
        clients="activerecord-sqlserver-adapter github.com/denisenkom/go-mssqldb github.com/microsoft/go-mssqldb "
        "gorm.io/driver/sqlserver microsoft.data.sqlclient microsoft.entityframeworkcore.sqlserver mssql "
        "mssql-django mssql-jdbc pymssql system.data.sqlclient tds tedious tiberius tiny_tds",
        users="pyodbc",
        images="mssql-server azure-sql-edge",
        schemes="mssql sqlserver",
        drivers="sqlserver mssql sqlsrv",
        variables=r"MSSQL_\w+|SQLSERVER_\w+",
        sort="sql",
    ),
    Engine(
        "oracle",
        clients="cx-oracle ojdbc11 ojdbc17 ojdbc8 oracle.manageddataaccess.core oracledb ruby-oci8",
        images="oracle-free oracle-xe",
        schemes="oracle",
        drivers="oracle",
        sort="sql",
    ),
    Engine(
        "sqlite",
        clients="@libsql/client aiosqlite better-sqlite3 ecto_sqlite3 exqlite github.com/mattn/go-sqlite3 "
        "gorm.io/driver/sqlite microsoft.data.sqlite microsoft.entityframeworkcore.sqlite modernc.org/sqlite "
        "rusqlite sqlite sqlite-jdbc sqlite3",
        schemes="sqlite sqlite3",
        drivers="sqlite sqlite3",
        variables=r"SQLITE_\w+",
        sort="sql",
    ),
    Engine(
        "mongodb",
        clients="@typegoose/typegoose beanie djongo go.mongodb.org/mongo-driver* jenssegers/mongodb mongo mongodb "
        "mongodb-driver-reactivestreams mongodb-driver-sync mongodb.driver mongodb/laravel-mongodb "
        "mongodb/mongodb mongoengine mongoid mongoose monk motor odmantic pymongo "
        "spring-boot-starter-data-mongodb spring-boot-starter-data-mongodb-reactive",
        images="mongo mongodb mongodb-community-server",
        schemes="mongodb mongodb+srv",
        drivers="mongodb djongo",
        variables=r"MONGO(DB)?_\w+|MONGO(DB|HQ|LAB)?_?UR[IL]|MONGO_DSN",
    ),
    Engine(
        "redis",
        clients="@keyv/redis @upstash/redis aioredis arq bee-queue bull bullmq cache-manager-ioredis channels-redis "
        "connect-redis deadpool-redis django-redis django-rq exq flask-redis github.com/go-redis/redis* "
        "github.com/gomodule/redigo* github.com/hibiken/asynq github.com/redis/go-redis* hiredis ioredis "
        "jedis laravel/horizon lettuce-core microsoft.extensions.caching.stackexchangeredis predis/predis "
        "redis redis-client redis-om redis-rails redisson redix resque rq sidekiq "
        "spring-boot-starter-data-redis spring-boot-starter-data-redis-reactive stackexchange.redis",
        users="huey dramatiq",
        images="redis valkey redis-stack redis-stack-server keydb dragonfly",
        schemes="redis rediss valkey",
        drivers="redis predis phpredis",
        variables=r"\w*REDIS(CLOUD)?_\w+|VALKEY_\w+",
        sort="broker",
    ),
    Engine(
        "memcached",
        clients="aiomcache dalli enyimmemcachedcore github.com/bradfitz/gomemcache memcached memjs pylibmc pymemcache "
        "python-memcached spymemcached",
        images="memcached",
        schemes="memcached memcache",
        drivers="memcached memcache",
        variables=r"MEMCACHED?_\w+|MEMCACHIER_\w+",
    ),
    Engine(
        "rabbitmq",
        clients="aio-pika amqp amqp-client amqp-connection-manager amqplib broadway_rabbitmq bunny faststream-rabbit "
        "github.com/rabbitmq/amqp091-go github.com/streadway/amqp lapin masstransit.rabbitmq "
        "php-amqplib/php-amqplib pika rabbitmq.client sneakers spring-boot-starter-amqp",
        users="celery kombu masstransit",
        images="rabbitmq",
        schemes="amqp amqps pyamqp",
        drivers="rabbitmq amqp",
        variables=r"(CLOUD)?AMQP_\w+|RABBITMQ?_\w+",
        sort="broker",
    ),
    Engine(
        "kafka",
        clients="@confluentinc/kafka-javascript aiokafka broadway_kafka brod confluent-kafka confluent.kafka faust "
        "faust-streaming github.com/confluentinc/confluent-kafka-go* github.com/ibm/sarama "
        "github.com/segmentio/kafka-go github.com/shopify/sarama github.com/twmb/franz-go kafka-clients "
        "kafka-python kafka-python-ng kafkajs karafka node-rdkafka rdkafka ruby-kafka spring-kafka",
        images="kafka cp-kafka redpanda",
        schemes="kafka",
        variables=r"KAFKA_\w+",
        sort="broker",
    ),
    Engine(
        "nats",
        clients="async-nats github.com/nats-io/nats.go gnat jnats nats nats-py nats.client",
        images="nats",
        schemes="nats",
        variables=r"NATS_\w+",
    ),
    Engine(
        "elasticsearch",
        clients="@elastic/elasticsearch django-elasticsearch-dsl elastic.clients.elasticsearch elasticsearch "
        "elasticsearch-dsl elasticsearch-model elasticsearch-rails elasticsearch/elasticsearch "
        "github.com/elastic/go-elasticsearch* github.com/olivere/elastic* searchkick "
        "spring-boot-starter-data-elasticsearch",
        images="elasticsearch",
        schemes="elasticsearch",
        variables=r"ELASTIC(SEARCH)?_\w+|BONSAI_URL",
    ),
    Engine(
        "opensearch",
        clients="@opensearch-project/opensearch github.com/opensearch-project/opensearch-go* opensearch-java "
        "opensearch-py opensearch-ruby",
        images="opensearch",
        variables=r"OPENSEARCH_\w+",
    ),
    Engine(
        "dynamodb",
        clients="@aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb aws-sdk-dynamodb awssdk.dynamodbv2 dynamodb "
        "dynamodb-enhanced dynamoose github.com/aws/aws-sdk-go-v2/service/dynamodb pynamodb",
        images="dynamodb-local",
        drivers="dynamodb",
        variables=r"DYNAMO(DB)?_\w+",
    ),
    Engine(
        "s3",
        clients="@aws-sdk/client-s3 aws-sdk-s3 awssdk.s3 django-s3-storage ex_aws_s3 "
        "github.com/aws/aws-sdk-go-v2/service/s3 github.com/minio/minio-go* league/flysystem-aws-s3-v3 minio "
        "multer-s3 s3 s3fs",
        images="minio",
        drivers="s3",
        variables=r"S3_\w+|AWS_(S3_|STORAGE_)?BUCKET\w*|AWS_S3_\w+|MINIO_\w+|BUCKET_NAME|\w+_S3_BUCKET",
    ),
    Engine(
        "sqs",
        clients="@aws-sdk/client-sqs aws-sdk-sqs awssdk.sqs broadway_sqs github.com/aws/aws-sdk-go-v2/service/sqs "
        "shoryuken spring-cloud-aws-starter-sqs sqs sqs-consumer",
        images="elasticmq elasticmq-native",
        drivers="sqs",
        schemes="sqs",
        variables=r"SQS_\w+|\w+_SQS_\w+",
        sort="broker",
    ),
    Engine(
        "cassandra",
        clients="cassandra-driver cassandracsharpdriver github.com/gocql/gocql java-driver-core scylla scylla-driver "
        "spring-boot-starter-data-cassandra xandra",
        images="cassandra scylla",
        variables=r"CASSANDRA_\w+",
    ),
    Engine(
        "clickhouse",
        clients="@clickhouse/client clickhouse clickhouse-connect clickhouse-driver clickhouse-jdbc "
        "github.com/clickhouse/clickhouse-go*",
        images="clickhouse clickhouse-server",
        schemes="clickhouse",
        variables=r"CLICKHOUSE_\w+",
    ),
    Engine(
        "neo4j",
        clients="github.com/neo4j/neo4j-go-driver* neo4j neo4j-driver neo4j-java-driver neomodel "
        "spring-boot-starter-data-neo4j",
        images="neo4j",
        schemes="neo4j bolt",
        variables=r"NEO4J_\w+",
    ),
    Engine(
        "influxdb",
        clients="@influxdata/influxdb-client github.com/influxdata/influxdb-client-go* influxdb influxdb-client",
        images="influxdb",
        variables=r"INFLUX(DB)?_\w+",
    ),
    Engine(
        "meilisearch",
        clients="meilisearch meilisearch-python-sdk meilisearch-rails meilisearch/meilisearch-php",
        images="meilisearch",
        variables=r"MEILI(SEARCH)?_\w+",
    ),
    Engine(
        "qdrant",
        clients="@qdrant/js-client-rest github.com/qdrant/go-client qdrant-client",
        images="qdrant",
        variables=r"QDRANT_\w+",
    ),
)

EXTRAS = {
    ("celery", "redis"): "redis",
    ("celery", "sqs"): "sqs",
    ("dramatiq", "redis"): "redis",
    ("dramatiq", "rabbitmq"): "rabbitmq",
    ("kombu", "redis"): "redis",
    ("kombu", "sqs"): "sqs",
    ("sqlx", "postgres"): "postgresql",
    ("sqlx", "mysql"): "mysql",
    ("sqlx", "sqlite"): "sqlite",
    ("diesel", "postgres"): "postgresql",
    ("diesel", "mysql"): "mysql",
    ("diesel", "sqlite"): "sqlite",
    ("sea-orm", "sqlx-postgres"): "postgresql",
    ("sea-orm", "sqlx-mysql"): "mysql",
    ("sea-orm", "sqlx-sqlite"): "sqlite",
    ("tortoise-orm", "asyncpg"): "postgresql",
    ("tortoise-orm", "asyncmy"): "mysql",
    ("psycopg", "binary"): "postgresql",
    ("databases", "asyncpg"): "postgresql",
    ("databases", "postgresql"): "postgresql",
    ("databases", "aiomysql"): "mysql",
    ("sqlalchemy", "postgresql"): "postgresql",
    ("sqlalchemy", "asyncpg"): "postgresql",
    ("faststream", "kafka"): "kafka",
    ("faststream", "rabbit"): "rabbitmq",
    ("faststream", "redis"): "redis",
}
"""(library, extra or feature) -> engine, for libraries that speak to several."""
