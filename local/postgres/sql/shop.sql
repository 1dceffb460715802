-- The database `shop`: one of everything that a dump can hold and a load can trip over.
create extension citext;
create extension hstore;
set role deskadmin;
grant create on database shop to app_owner;
create schema sales authorization app_owner;
comment on schema sales is 'what is sold';
create type sales.mood as enum ('ok', 'bad');
create domain sales.pos as int check (value > 0);
create table sales.customers (
    id int generated always as identity primary key,
    name text not null,
    mail citext unique,
    note text,
    tags hstore,
    mood sales.mood default 'ok');
create table sales.orders (
    id bigserial primary key,
    customer int not null references sales.customers,
    at timestamptz not null default now(),
    items sales.pos not null default 1,
    net numeric(12, 2) not null,
    tax numeric(12, 2) generated always as (round(net * 0.2, 2)) stored,
    raw bytea,
    details jsonb);
create table sales.empty (a int);
create table sales.no_columns ();
create table sales.events (at date not null, v text) partition by range (at);
create table sales.events_1 partition of sales.events for values from ('2026-01-01') to ('2026-07-01');
create table sales.events_2 partition of sales.events for values from ('2026-07-01') to ('2027-01-01');
create index on sales.orders (customer);
create index on sales.orders using gin (details);
create view sales.totals as
    select c.name, sum(o.net) as net from sales.customers c join sales.orders o on o.customer = c.id group by 1;
create function sales.looks_like_copy() returns text language sql as $$
select 'COPY sales.orders FROM stdin;
1
\.
'$$;
create function sales.touch() returns trigger language plpgsql as $$begin new.net := new.net; return new; end$$;
create trigger touch before insert on sales.orders for each row execute function sales.touch();
alter table sales.orders owner to app_owner;
alter table sales.customers enable row level security;
alter table sales.customers force row level security;
create policy readable on sales.customers for select to app_ro using (true);
grant usage on schema sales to app_ro, app_rw;
grant select on all tables in schema sales to app_ro;
grant insert on sales.orders to app_rw;
alter default privileges in schema sales grant select on tables to app_ro;
create table "odd \.
table" ("a ""col" text);
comment on table sales.orders is 'it''s all here';
comment on column sales.orders.net is 'before tax';
create publication some_orders for table sales.orders;
create statistics sales.customer_net on customer, net from sales.orders;
reset role;
insert into sales.customers (name, mail, note, tags)
    select 'customer ' || i, 'c' || i || '@example.com',
        case i % 3 when 0 then null when 1 then E'line\nbreak\ttab \\. back' else '\.' end, hstore('n', i::text)
    from generate_series(1, 100) i;
insert into sales.orders (customer, net, raw, details, at)
    select 1 + i % 100, i * 1.5, decode(md5(i::text), 'hex'), jsonb_build_object('k', md5(i::text), 'n', i),
        now() - (i || ' min')::interval
    from generate_series(1, 2000) i;
insert into sales.events select '2026-01-01'::date + i, md5(i::text) from generate_series(0, 300) i;
insert into sales.no_columns select from generate_series(1, 7);
insert into "odd \.
table" values (E'\\.'), (''), (null), (E'a\nb');
set role deskadmin;
create materialized view sales.orders_each as select customer, count(*) as orders from sales.orders group by 1;
select lo_from_bytea(0, decode(repeat('00ff41', 5000), 'hex'));
select lo_from_bytea(0, 'a small one'::bytea);
reset role;
