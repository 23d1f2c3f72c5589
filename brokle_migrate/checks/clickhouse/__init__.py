"""Rules about ClickHouse statements.  Pure.

``walk`` follows the history from its first file to its last and shows every statement to the
rules, together with what earlier ones have made (``schema``)::

    walk                                          every statement of every file
    losing, keys, columns, views, running, form   rules about what one statement does
    mirrors                                       rules about a pair of files
    clusters                                      rules for a database on a cluster
    scene, schema, types                          what rules look at
"""
