SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'submitted'
                                            ORDER BY entry_id));
