(** * How many regions do [n] lines make?

    A region of [n] lines is a sign vector that occurs: a list of [n] booleans, [true] for plus and
    [false] for minus, for which some point of the plane has these signs and lies on none of the
    lines.  The file proves that these are the connected components of the plane without the lines;
    the bound [n (n + 1) / 2 + 1], by shattering, and again by adding one line after the other,
    which also tells when it is attained; how many regions any arrangement has; that the tangents
    of a parabola have the intervals of [1, ..., n] as their regions; and what all this means for a
    network with one hidden layer of ReLU neurons. *)

From Coq Require Import Reals Lra Lia List Bool Arith Classical FinFun.
Import ListNotations.

(** ** Counting *)

(** [number P k]: exactly [k] things have the property [P]. *)
Definition number {T : Type} (P : T -> Prop) (k : nat) : Prop :=
  exists l : list T, NoDup l /\ (forall x, In x l <-> P x) /\ length l = k.

Lemma number_mono {T : Type} (P Q : T -> Prop) (k m : nat) :
  number P k -> number Q m -> (forall x, P x -> Q x) -> k <= m.
Proof.
  intros (l & Hl & HP & <-) (l' & _ & HQ & <-) H.
  apply NoDup_incl_length; [exact Hl |].
  intros x Hx. apply HQ, H, HP, Hx.
Qed.

Lemma number_unique {T : Type} (P Q : T -> Prop) (k m : nat) :
  number P k -> number Q m -> (forall x, P x <-> Q x) -> k = m.
Proof.
  intros HP HQ H. apply Nat.le_antisymm.
  - apply (number_mono P Q); firstorder.
  - apply (number_mono Q P); firstorder.
Qed.

Lemma number_ext {T : Type} (P Q : T -> Prop) (k : nat) :
  (forall x, P x <-> Q x) -> number P k -> number Q k.
Proof.
  intros H (l & Hl & HP & Hk). exists l. split; [exact Hl |]. split; [| exact Hk].
  intros x. rewrite HP. apply H.
Qed.

(** A part with as many elements as the whole is the whole. *)
Lemma number_full {T : Type} (P Q : T -> Prop) (k : nat) :
  number P k -> number Q k -> (forall x, P x -> Q x) -> forall x, Q x -> P x.
Proof.
  intros (l & Hl & HP & Hk) (l' & Hl' & HQ & Hk') H x Hx.
  apply HP. apply (NoDup_length_incl Hl (l' := l')).
  - lia.
  - intros y Hy. apply HQ, H, HP, Hy.
  - apply HQ, Hx.
Qed.

Lemma number_zero {T : Type} (P : T -> Prop) : (forall x, ~ P x) -> number P 0.
Proof.
  intros H. exists []. split; [constructor |]. split; [| reflexivity].
  intros x. split; [intros [] | apply H].
Qed.

Lemma number_one {T : Type} (P : T -> Prop) (x : T) :
  P x -> (forall y, P y -> y = x) -> number P 1.
Proof.
  intros H Huniq. exists [x]. split; [repeat constructor; intros [] |]. split; [| reflexivity].
  intros y. simpl. split; [intros [<- | []]; exact H |].
  intros Hy. left. symmetry. apply Huniq, Hy.
Qed.

Lemma finite_part {T : Type} (l : list T) (P : T -> Prop) :
  exists l', NoDup l' /\ forall x, In x l' <-> In x l /\ P x.
Proof.
  induction l as [| a l (l' & Hl' & IH)].
  - exists []. split; [constructor | simpl; tauto].
  - destruct (classic (P a /\ ~ In a l')) as [[HPa Ha] | Ha].
    + exists (a :: l'). split; [constructor; assumption |].
      intros x. simpl. rewrite IH. split; [| tauto].
      intros [<- | [Hx HPx]]; tauto.
    + exists l'. split; [exact Hl' |].
      intros x. simpl. rewrite IH. split; [tauto |].
      intros [[<- | Hx] HPx]; [| tauto].
      apply IH. apply NNPP. tauto.
Qed.

Lemma number_part {T : Type} (P Q : T -> Prop) (k : nat) :
  number Q k -> (forall x, P x -> Q x) -> exists m, number P m.
Proof.
  intros (l & _ & HQ & _) H. destruct (finite_part l P) as (l' & Hl' & Hin).
  exists (length l'), l'. split; [exact Hl' |]. split; [| reflexivity].
  intros x. rewrite Hin, HQ. split; [tauto |]. intros Hx. split; [apply H |]; exact Hx.
Qed.

Lemma number_disjoint_union {T : Type} (P Q : T -> Prop) (k m : nat) :
  number P k -> number Q m -> (forall x, ~ (P x /\ Q x)) -> number (fun x => P x \/ Q x) (k + m).
Proof.
  intros (l & Hl & HP & <-) (l' & Hl' & HQ & <-) Hdis.
  exists (l ++ l'). split; [| split].
  - clear - Hl Hl' HP HQ Hdis.
    assert (Hd : forall x, In x l -> ~ In x l').
    { intros x Hx Hx'. apply (Hdis x). split; [apply HP | apply HQ]; assumption. }
    clear HP HQ Hdis. induction Hl as [| a l Ha Hl IH]; simpl; [exact Hl' |].
    constructor.
    + rewrite in_app_iff. intros [H | H]; [tauto |]. apply (Hd a); simpl; tauto.
    + apply IH. intros x Hx. apply Hd. simpl. tauto.
  - intros x. rewrite in_app_iff, HP, HQ. tauto.
  - apply app_length.
Qed.

(** Two sets have together as many elements as their union and their intersection. *)
Lemma number_union_intersection {T : Type} (P Q : T -> Prop) (k m : nat) :
  number P k -> number Q m ->
  exists u i, number (fun x => P x \/ Q x) u /\ number (fun x => P x /\ Q x) i /\ u + i = k + m.
Proof.
  intros HP HQ.
  destruct (number_part (fun x => P x /\ Q x) Q m HQ) as (i & Hi); [tauto |].
  destruct (number_part (fun x => ~ P x /\ Q x) Q m HQ) as (j & Hj); [tauto |].
  assert (Hij : number (fun x => (P x /\ Q x) \/ (~ P x /\ Q x)) (i + j)).
  { apply number_disjoint_union; firstorder. }
  assert (Hm : i + j = m).
  { eapply number_unique; [exact Hij | exact HQ |]. intros x. destruct (classic (P x)); tauto. }
  exists (k + j), i. split; [| split; [exact Hi | lia]].
  apply (number_ext (fun x => P x \/ (~ P x /\ Q x))).
  - intros x. destruct (classic (P x)); tauto.
  - apply number_disjoint_union; firstorder.
Qed.

Lemma number_image {S T : Type} (f : S -> T) (P : S -> Prop) (k : nat) :
  (forall x y, f x = f y -> x = y) -> number P k -> number (fun y => exists x, y = f x /\ P x) k.
Proof.
  intros Hinj (l & Hl & HP & <-).
  exists (map f l). split; [| split].
  - apply Injective_map_NoDup; assumption.
  - intros y. rewrite in_map_iff. split.
    + intros (x & <- & Hx). exists x. split; [reflexivity | apply HP, Hx].
    + intros (x & -> & Hx). exists x. split; [reflexivity | apply HP, Hx].
  - apply map_length.
Qed.

(** Vectors of signs are counted by their first sign. *)
Lemma number_by_head (P : list bool -> Prop) (k m : nat) :
  ~ P [] -> number (fun s => P (true :: s)) k -> number (fun s => P (false :: s)) m ->
  number P (k + m).
Proof.
  intros Hnil Hk Hm.
  apply (number_image (cons true)) in Hk; [| congruence].
  apply (number_image (cons false)) in Hm; [| congruence].
  eapply number_ext; [| apply (number_disjoint_union _ _ _ _ Hk Hm)].
  - intros [| [|] s]; split; try tauto.
    + intros [(x & H & _) | (x & H & _)]; discriminate.
    + intros [(x & H & HP) | (x & H & HP)]; inversion H; subst; exact HP.
    + intros HP. left. exists s. tauto.
    + intros [(x & H & HP) | (x & H & HP)]; inversion H; subst; exact HP.
    + intros HP. right. exists s. tauto.
  - intros s [(x & -> & _) (y & H & _)]. discriminate.
Qed.

(** There are finitely many sign vectors of a given length. *)
Lemma number_of_vectors (n : nat) (P : list bool -> Prop) :
  (forall s, P s -> length s = n) -> exists k, number P k.
Proof.
  revert P. induction n as [| n IH]; intros P Hlen.
  - destruct (classic (P [])) as [H | H].
    + exists 1. apply (number_one P [] H). intros s Hs. apply length_zero_iff_nil, Hlen, Hs.
    + exists 0. apply number_zero. intros s Hs. apply H.
      rewrite <- (proj1 (length_zero_iff_nil s) (Hlen s Hs)). exact Hs.
  - destruct (IH (fun s => P (true :: s))) as (k & Hk).
    { intros s Hs. apply Hlen in Hs. simpl in Hs. lia. }
    destruct (IH (fun s => P (false :: s))) as (m & Hm).
    { intros s Hs. apply Hlen in Hs. simpl in Hs. lia. }
    exists (k + m). apply number_by_head; try assumption.
    intros H. apply Hlen in H. discriminate.
Qed.

(** The number of elements with head plus and with head minus, from the whole number. *)
Lemma number_split_head (P : list bool -> Prop) (k : nat) :
  ~ P [] -> number P k ->
  exists a b, number (fun s => P (true :: s)) a /\ number (fun s => P (false :: s)) b /\ k = a + b.
Proof.
  intros Hnil HP.
  assert (Hfin : forall c, exists a, number (fun s => P (c :: s)) a).
  { intros c.
    destruct (number_part (fun t => exists s, t = c :: s /\ P (c :: s)) P k HP) as (a & Ha).
    { intros t (s & -> & H). exact H. }
    exists a. destruct Ha as (l & Hl & Hin & Hlen).
    exists (map (@tl bool) l).
    assert (Hall : forall t, In t l -> t = c :: tl t).
    { intros t Ht. apply Hin in Ht. destruct Ht as (s & -> & _). reflexivity. }
    split; [| split].
    - clear - Hl Hall. induction Hl as [| t l Ht Hl IH]; simpl; constructor.
      + rewrite in_map_iff. intros (t' & Htl & Ht'). apply Ht.
        rewrite (Hall t), <- Htl, <- (Hall t'); simpl; tauto.
      + apply IH. intros t' Ht'. apply Hall. simpl. tauto.
    - intros s. rewrite in_map_iff. split.
      + intros (t & <- & Ht). rewrite <- (Hall t Ht). apply Hin in Ht.
        destruct Ht as (s & -> & H). exact H.
      + intros H. exists (c :: s). split; [reflexivity |]. apply Hin. exists s. tauto.
    - rewrite map_length. exact Hlen. }
  destruct (Hfin true) as (a & Ha). destruct (Hfin false) as (b & Hb).
  exists a, b. split; [exact Ha |]. split; [exact Hb |].
  apply (number_unique P P); [exact HP | apply number_by_head; assumption | tauto].
Qed.

(** ** Shattered sets *)

(** A set of positions is written as a list of booleans as well, [true] at its members. *)
Definition size (I : list bool) : nat := count_occ bool_dec I true.

Definition agree_on (I s t : list bool) : Prop :=
  forall i, nth i I false = true -> nth i s false = nth i t false.

(** A family of sign vectors shatters [I] if every pattern on [I] is that of some member. *)
Definition shatters (F : list bool -> Prop) (I : list bool) : Prop :=
  forall t, length t = length I -> exists s, F s /\ agree_on I s t.

Lemma agree_on_cons (i a b : bool) (I s t : list bool) :
  agree_on (i :: I) (a :: s) (b :: t) <-> (i = true -> a = b) /\ agree_on I s t.
Proof.
  split.
  - intros H. split; [exact (H 0) | intros k; exact (H (S k))].
  - intros [H0 H] [| k]; [exact H0 | exact (H k)].
Qed.

(** Sauer, Shelah, Pajor: a family of sign vectors of length [n] shatters at least as many sets
    as it has members. *)
(* Mutant, one set more: `members <= sets` becomes `S members <= sets` *)
(* Mutant, the inequality turned round: `members <= sets` becomes `sets <= members` *)
Theorem pajor (n : nat) (F : list bool -> Prop) (members sets : nat) :
  (forall s, F s -> length s = n) ->
  number F members ->
  number (fun I => length I = n /\ shatters F I) sets ->
  members <= sets.
Proof.
  revert F members sets. induction n as [| n IH]; intros F f k Hlen HF HS.
  - apply (number_mono _ _ _ _ HF HS). intros s Hs.
    split; [exact (Hlen s Hs) |]. intros t _. exists s. split; [exact Hs |].
    rewrite (proj1 (length_zero_iff_nil s) (Hlen s Hs)). intros [| i]; discriminate.
  - assert (Hnil : ~ F []) by (intros H; apply Hlen in H; discriminate).
    destruct (number_split_head F f Hnil HF) as (f1 & f2 & Hf1 & Hf2 & ->).
    set (S_ c := fun I => length I = n /\ shatters (fun s => F (c :: s)) I).
    destruct (number_of_vectors n (S_ true)) as (k1 & Hk1); [unfold S_; tauto |].
    destruct (number_of_vectors n (S_ false)) as (k2 & Hk2); [unfold S_; tauto |].
    assert (Hlen' : forall c s, F (c :: s) -> length s = n).
    { intros c s Hs. apply Hlen in Hs. simpl in Hs. lia. }
    assert (H1 : f1 <= k1) by (apply (IH _ _ _ (Hlen' true) Hf1 Hk1)).
    assert (H2 : f2 <= k2) by (apply (IH _ _ _ (Hlen' false) Hf2 Hk2)).
    destruct (number_union_intersection _ _ _ _ Hk1 Hk2) as (u & i & Hu & Hi & Hui).
    apply number_split_head in HS; [| intros [H _]; discriminate].
    destruct HS as (a & b & Ha & Hb & ->).
    (* the sets with the first position come from both halves, the others from one of them *)
    assert (Hia : i <= a).
    { apply (number_mono _ _ _ _ Hi Ha). intros I [[HI H1'] [_ H2']].
      split; [simpl; lia |]. intros [| c t] Ht; [discriminate |]. simpl in Ht.
      destruct c.
      - destruct (H1' t) as (s & Hs & Hag); [lia |].
        exists (true :: s). split; [exact Hs |]. apply agree_on_cons. tauto.
      - destruct (H2' t) as (s & Hs & Hag); [lia |].
        exists (false :: s). split; [exact Hs |]. apply agree_on_cons. tauto. }
    assert (Hub : u <= b).
    { apply (number_mono _ _ _ _ Hu Hb). intros I HI.
      assert (HIc : exists c, S_ c I) by (destruct HI; eauto).
      destruct HIc as (c & HIn & HIc).
      split; [simpl; lia |]. intros [| c' t] Ht; [discriminate |]. simpl in Ht.
      destruct (HIc t) as (s & Hs & Hag); [lia |].
      exists (c :: s). split; [exact Hs |]. apply agree_on_cons.
      split; [discriminate | exact Hag]. }
    lia.
Qed.

(** Binomial coefficients, by Pascal's rule, and the sum of the first ones, from [0] to [d]. *)
Fixpoint choose (n k : nat) : nat :=
  match n, k with
  | _, 0 => 1
  | 0, S _ => 0
  | S n', S k' => choose n' k' + choose n' k
  end.

Definition choose_at_most (n d : nat) : nat := list_sum (map (choose n) (seq 0 (S d))).

Lemma number_of_size (n k : nat) : number (fun I => length I = n /\ size I = k) (choose n k).
Proof.
  revert k. induction n as [| n IH]; intros k.
  - destruct k as [| k]; simpl.
    + apply (number_one _ []); [split; reflexivity |].
      intros I [H _]. apply length_zero_iff_nil, H.
    + apply number_zero. intros I [H HI].
      rewrite (proj1 (length_zero_iff_nil I) H) in HI. discriminate.
  - assert (Hf : number (fun I => length (false :: I) = S n /\ size (false :: I) = k) (choose n k)).
    { apply (number_ext (fun I => length I = n /\ size I = k)); [| apply IH].
      intros I. unfold size. simpl. lia. }
    destruct k as [| k].
    + replace (choose (S n) 0) with (0 + choose n 0) by (destruct n; reflexivity).
      apply number_by_head; [intros [H _]; discriminate | | exact Hf].
      apply number_zero. intros I [_ H]. unfold size in H. simpl in H. discriminate.
    + apply number_by_head; [intros [H _]; discriminate | | exact Hf].
      apply (number_ext (fun I => length I = n /\ size I = k)); [| apply IH].
      intros I. unfold size. simpl. lia.
Qed.

Lemma number_of_size_at_most (n d : nat) :
  number (fun I => length I = n /\ size I <= d) (choose_at_most n d).
Proof.
  unfold choose_at_most. induction d as [| d IH].
  - simpl. rewrite Nat.add_0_r.
    apply (number_ext (fun I => length I = n /\ size I = 0)); [| apply number_of_size].
    intros I. lia.
  - rewrite seq_S, map_app, list_sum_app. simpl (0 + _). simpl (list_sum (map _ [_])).
    rewrite Nat.add_0_r.
    apply (number_ext (fun I => (length I = n /\ size I <= d) \/ (length I = n /\ size I = S d))).
    + intros I. lia.
    + apply number_disjoint_union; [exact IH | apply number_of_size | intros I; lia].
Qed.

(** A set with more than [k] members has a part with exactly [k], and a part of a shattered set is
    shattered. *)
Lemma part_of_size (I : list bool) (k : nat) :
  k <= size I -> exists J, length J = length I /\ size J = k /\
    forall i, nth i J false = true -> nth i I false = true.
Proof.
  revert k. induction I as [| c I IH]; intros k Hk.
  - exists []. unfold size in *. simpl in *. split; [reflexivity |]. split; [lia |]. tauto.
  - destruct (Nat.eq_dec k 0) as [-> | Hk0].
    + destruct (IH 0) as (J & HJ & Hs & Hin); [lia |].
      exists (false :: J). split; [simpl; lia |]. split; [exact Hs |].
      intros [| i]; [discriminate | apply Hin].
    + destruct c.
      * destruct (IH (pred k)) as (J & HJ & Hs & Hin); [unfold size in *; simpl in Hk; lia |].
        exists (true :: J). split; [simpl; lia |]. split; [unfold size in *; simpl; lia |].
        intros [| i]; [reflexivity | apply Hin].
      * destruct (IH k) as (J & HJ & Hs & Hin); [exact Hk |].
        exists (false :: J). split; [simpl; lia |]. split; [exact Hs |].
        intros [| i]; [discriminate | apply Hin].
Qed.

(** So if it shatters no set of [d + 1] positions, then it has at most
    [choose n 0 + ... + choose n d] members. *)
(* Mutant, one summand fewer: `choose_at_most n d` becomes `choose_at_most n (d - 1)` *)
(* Mutant, a larger set is assumed not to be shattered: `size I = d + 1` becomes `size I = d + 2` *)
Theorem sauer_shelah (n d : nat) (F : list bool -> Prop) (members : nat) :
  (forall s, F s -> length s = n) ->
  number F members ->
  (forall I, length I = n -> size I = d + 1 -> ~ shatters F I) ->
  members <= choose_at_most n d.
Proof.
  intros Hlen HF Hno.
  destruct (number_of_vectors n (fun I => length I = n /\ shatters F I)) as (k & Hk); [tauto |].
  apply Nat.le_trans with k; [exact (pajor n F members k Hlen HF Hk) |].
  apply (number_mono _ _ _ _ Hk (number_of_size_at_most n d)).
  intros I [HI Hsh]. split; [exact HI |].
  destruct (le_lt_dec (size I) d) as [H | H]; [exact H | exfalso].
  destruct (part_of_size I (d + 1)) as (J & HJ & Hsize & Hin); [lia |].
  apply (Hno J); [lia | exact Hsize |].
  intros t Ht. destruct (Hsh t) as (s & Hs & Hag); [lia |].
  exists s. split; [exact Hs |]. intros i Hi. apply Hag, Hin, Hi.
Qed.

Lemma choose_one (n : nat) : choose n 1 = n.
Proof.
  induction n as [| n IH]; [reflexivity |].
  change (choose n 0 + choose n 1 = S n). rewrite IH. destruct n; reflexivity.
Qed.

Lemma twice_choose_two (n : nat) : 2 * choose n 2 + n = n * n.
Proof.
  induction n as [| n IH]; [reflexivity |].
  change (2 * (choose n 1 + choose n 2) + S n = S n * S n). rewrite choose_one. nia.
Qed.

(** [n (n + 1) / 2 + 1] is the sum of the first three binomial coefficients. *)
(* Mutant, the last summand is 2: `+ 1 =` becomes `+ 2 =` *)
(* Mutant, pairs with repetition are counted: `choose n 2` becomes `choose (n + 1) 2` *)
Theorem max_regions_binomials (n : nat) :
  n * (n + 1) / 2 + 1 = choose n 0 + choose n 1 + choose n 2.
Proof.
  pose proof (twice_choose_two n) as H. rewrite choose_one.
  replace (choose n 0) with 1 by (destruct n; reflexivity).
  replace (n * (n + 1)) with ((n + choose n 2) * 2) by nia.
  rewrite Nat.div_mul by discriminate. lia.
Qed.

(** ** Affine functions on the plane and their signs *)

Open Scope R_scope.

Definition point : Type := R * R.

(** The affine function [slope_x * x + slope_y * y + offset]; its gradient is the normal of the line
    on which it vanishes. *)
Record affine : Type := Affine { slope_x : R; slope_y : R; offset : R }.

Definition value (z : affine) (p : point) : R := slope_x z * fst p + slope_y z * snd p + offset z.

Definition is_line (z : affine) : Prop := ~ (slope_x z = 0 /\ slope_y z = 0).

(** The sign of [t], strictly. *)
Definition has_sign (s : bool) (t : R) : Prop := if s then 0 < t else t < 0.

Definition has_signs (zs : list affine) (p : point) (s : list bool) : Prop :=
  Forall2 (fun z c => has_sign c (value z p)) zs s.

(** A sign vector is realised in a part [D] of the plane if a point of [D] has it. *)
Definition realised_in (D : point -> Prop) (zs : list affine) (s : list bool) : Prop :=
  exists p, D p /\ has_signs zs p s.

Definition plane (p : point) : Prop := True.

Definition realised (zs : list affine) (s : list bool) : Prop := realised_in plane zs s.

(** The number of regions is the number of sign vectors that are realised. *)
Definition regions_in (D : point -> Prop) (zs : list affine) (k : nat) : Prop :=
  number (realised_in D zs) k.

Definition regions (zs : list affine) (k : nat) : Prop := regions_in plane zs k.

Lemma has_signs_length (zs : list affine) (p : point) (s : list bool) :
  has_signs zs p s -> length s = length zs.
Proof. induction 1; simpl; congruence. Qed.

Lemma realised_length (D : point -> Prop) (zs : list affine) (s : list bool) :
  realised_in D zs s -> length s = length zs.
Proof. intros (p & _ & H). exact (has_signs_length zs p s H). Qed.

Lemma regions_exist (D : point -> Prop) (zs : list affine) : exists k, regions_in D zs k.
Proof. apply (number_of_vectors (length zs)), realised_length. Qed.

Lemma has_signs_nth (zs : list affine) (p : point) (s : list bool) (i : nat) (z : affine) :
  has_signs zs p s -> (i < length zs)%nat -> has_sign (nth i s false) (value (nth i zs z) p).
Proof.
  intros H. revert i. induction H as [| z' c zs s Hz H IH]; intros i Hi; simpl in *; [lia |].
  destruct i as [| i]; [exact Hz | apply IH; lia].
Qed.

(** *** Three lines *)

(** Three gradients are linearly dependent. *)
Lemma dependent_gradients (z1 z2 z3 : affine) :
  exists c1 c2 c3, ~ (c1 = 0 /\ c2 = 0 /\ c3 = 0) /\
    c1 * slope_x z1 + c2 * slope_x z2 + c3 * slope_x z3 = 0 /\
    c1 * slope_y z1 + c2 * slope_y z2 + c3 * slope_y z3 = 0.
Proof.
  destruct z1 as [a1 b1 e1], z2 as [a2 b2 e2], z3 as [a3 b3 e3]. simpl.
  destruct (Req_dec (a1 * b2 - b1 * a2) 0) as [H12 | H12].
  - destruct (Req_dec a1 0) as [Ha | Ha].
    + destruct (Req_dec b1 0) as [Hb | Hb].
      * exists 1, 0, 0. repeat split; lra.
      * exists b2, (- b1), 0. repeat split; lra.
    + exists a2, (- a1), 0. repeat split; lra.
  - exists (a2 * b3 - a3 * b2), (a3 * b1 - a1 * b3), (a1 * b2 - b1 * a2).
    repeat split; [lra | ring | ring].
Qed.

(** The sign of a coefficient, and the product of a coefficient with a number of this sign or of
    the opposite one. *)
Definition plus (c : R) : bool := if Rlt_dec 0 c then true else false.

Lemma product_plus (c t : R) : has_sign (plus c) t -> 0 <= c * t /\ (c <> 0 -> 0 < c * t).
Proof. unfold plus. destruct (Rlt_dec 0 c); simpl; intros Ht; split; intros; nra. Qed.

Lemma product_minus (c t : R) : has_sign (negb (plus c)) t -> c * t <= 0 /\ (c <> 0 -> c * t < 0).
Proof. unfold plus. destruct (Rlt_dec 0 c); simpl; intros Ht; split; intros; nra. Qed.

(** Three affine functions on the plane never realise all eight sign vectors. *)
(* Mutant, two functions: `[z1; z2; z3] [s1; s2; s3]` becomes `[z1; z2] [s1; s2]` *)
(* Mutant, none is realised: `~ (forall s1 s2 s3 : bool,` becomes `(forall s1 s2 s3 : bool, ~` *)
Theorem three_lines (z1 z2 z3 : affine) :
  ~ (forall s1 s2 s3 : bool, realised [z1; z2; z3] [s1; s2; s3]).
Proof.
  intros H.
  destruct (dependent_gradients z1 z2 z3) as (c1 & c2 & c3 & Hc & Hx & Hy).
  assert (Hcase : c1 <> 0 \/ c2 <> 0 \/ c3 <> 0) by tauto. clear Hc.
  set (constant := c1 * offset z1 + c2 * offset z2 + c3 * offset z3).
  assert (Hconst : forall p, c1 * value z1 p + c2 * value z2 p + c3 * value z3 p = constant).
  { intros p. unfold value, constant.
    transitivity ((c1 * slope_x z1 + c2 * slope_x z2 + c3 * slope_x z3) * fst p
      + (c1 * slope_y z1 + c2 * slope_y z2 + c3 * slope_y z3) * snd p
      + (c1 * offset z1 + c2 * offset z2 + c3 * offset z3)); [ring |].
    rewrite Hx, Hy. ring. }
  destruct (H (plus c1) (plus c2) (plus c3)) as (p & _ & Hp).
  destruct (H (negb (plus c1)) (negb (plus c2)) (negb (plus c3))) as (q & _ & Hq).
  inversion_clear Hp as [| ? ? ? ? Hp1 Hp']. inversion_clear Hp' as [| ? ? ? ? Hp2 Hp''].
  inversion_clear Hp'' as [| ? ? ? ? Hp3 _].
  inversion_clear Hq as [| ? ? ? ? Hq1 Hq']. inversion_clear Hq' as [| ? ? ? ? Hq2 Hq''].
  inversion_clear Hq'' as [| ? ? ? ? Hq3 _].
  apply product_plus in Hp1, Hp2, Hp3. apply product_minus in Hq1, Hq2, Hq3.
  pose proof (Hconst p) as Ep. pose proof (Hconst q) as Eq.
  destruct Hcase as [Hi | [Hi | Hi]].
  - apply Hp1 in Hi as Hi'. apply Hq1 in Hi. lra.
  - apply Hp2 in Hi as Hi'. apply Hq2 in Hi. lra.
  - apply Hp3 in Hi as Hi'. apply Hq3 in Hi. lra.
Qed.

(** The first member of a set of positions, and the others. *)
Lemma first_position (I : list bool) (k : nat) :
  size I = S k ->
  exists i J, (i < length I)%nat /\ nth i I false = true /\ size J = k /\ length J = length I /\
    forall j, nth j J false = true -> nth j I false = true /\ (i < j)%nat.
Proof.
  revert k. induction I as [| c I IH]; intros k Hk; [discriminate |].
  destruct c; unfold size in Hk; simpl in Hk.
  - exists 0%nat, (false :: I). unfold size. simpl.
    repeat split; try lia; destruct j; simpl in *; try discriminate; try lia; assumption.
  - destruct (IH k Hk) as (i & J & Hi & Hin & Hsize & HJ & Hall).
    exists (S i), (false :: J). unfold size in *. simpl.
    repeat split; try lia; try assumption;
      destruct j as [| j]; try discriminate; simpl in *; apply Hall in H; [tauto | lia].
Qed.

(** Hence no three of [n] affine functions are shattered by the sign vectors that they realise. *)
Lemma no_three_shattered (zs : list affine) (I : list bool) :
  length I = length zs -> size I = 3%nat -> ~ shatters (realised zs) I.
Proof.
  intros HI Hsize Hsh.
  destruct (first_position I 2 Hsize) as (i & I' & Hi & Ii & Hsize' & HI' & Hall).
  destruct (first_position I' 1 Hsize') as (j & I'' & Hj & Ij & Hsize'' & HI'' & Hall').
  destruct (first_position I'' 0 Hsize'') as (k & _ & Hk & Ik & _ & _ & _).
  destruct (Hall' k Ik) as [Ik' Hjk]. apply Hall in Ik'. destruct (Hall j Ij) as [Ij' Hij].
  set (z := Affine 0 0 0).
  apply (three_lines (nth i zs z) (nth j zs z) (nth k zs z)).
  intros s1 s2 s3.
  set (f m := if Nat.eqb m i then s1 else if Nat.eqb m j then s2 else s3).
  set (pattern := map f (seq 0 (length I))).
  assert (Hpat : forall m, (m < length I)%nat -> nth m pattern false = f m).
  { intros m Hm. unfold pattern.
    rewrite (nth_indep _ false (f 0%nat)) by (rewrite map_length, seq_length; exact Hm).
    rewrite map_nth, seq_nth by exact Hm. reflexivity. }
  destruct (Hsh pattern) as (s & (p & _ & Hp) & Hag).
  { unfold pattern. rewrite map_length. apply seq_length. }
  exists p. split; [exact Logic.I |].
  assert (Hsign : forall m c, nth m I false = true -> (m < length I)%nat ->
            nth m pattern false = c -> has_sign c (value (nth m zs z) p)).
  { intros m c Hm Hlen <-. rewrite <- (Hag m Hm). apply has_signs_nth; [exact Hp | lia]. }
  repeat constructor; apply Hsign; try tauto; try lia; rewrite Hpat by lia; unfold f.
  - rewrite Nat.eqb_refl. reflexivity.
  - rewrite (proj2 (Nat.eqb_neq j i)), Nat.eqb_refl by lia. reflexivity.
  - rewrite (proj2 (Nat.eqb_neq k i)), (proj2 (Nat.eqb_neq k j)) by lia. reflexivity.
Qed.

(** The bound, by shattering: any [n] affine functions on the plane have at most
    [n (n + 1) / 2 + 1] regions.  They need not be different, nor need they vanish on a line. *)
(* Mutant, one region fewer: `/ 2 + 1` becomes `/ 2` *)
(* Mutant, strictly fewer: `k <= length` becomes `k < length` *)
Theorem bound_by_shattering (zs : list affine) (k : nat) :
  regions zs k -> (k <= length zs * (length zs + 1) / 2 + 1)%nat.
Proof.
  intros Hk. rewrite max_regions_binomials.
  replace (choose (length zs) 0 + choose (length zs) 1 + choose (length zs) 2)%nat
    with (choose_at_most (length zs) 2) by (unfold choose_at_most; simpl; lia).
  apply (sauer_shelah _ 2 (realised zs)); [apply realised_length | exact Hk |].
  intros I HI Hsize. apply no_three_shattered; assumption.
Qed.

(** The same for lists: no list of different sign vectors that are realised is longer. *)
Lemma list_bound (zs : list affine) (l : list (list bool)) :
  NoDup l -> (forall s, In s l -> realised zs s) ->
  (length l <= length zs * (length zs + 1) / 2 + 1)%nat.
Proof.
  intros Hl Hin. destruct (regions_exist plane zs) as (k & Hk).
  apply Nat.le_trans with k; [| apply bound_by_shattering, Hk].
  apply (number_mono (fun s => In s l) (realised zs)); [| exact Hk | exact Hin].
  exists l. repeat split; tauto.
Qed.

(** ** Regions are the components of the plane without the lines *)

Definition near (e : R) (p q : point) : Prop :=
  Rabs (fst q - fst p) < e /\ Rabs (snd q - snd p) < e.

Definition open (U : point -> Prop) : Prop :=
  forall p, U p -> exists e, 0 < e /\ forall q, near e p q -> U q.

(** The point of the segment from [p] to [q] that has gone the part [t] of the way. *)
Definition between (p q : point) (t : R) : point :=
  ((1 - t) * fst p + t * fst q, (1 - t) * snd p + t * snd q).

Definition convex (D : point -> Prop) : Prop :=
  forall p q t, D p -> D q -> 0 <= t <= 1 -> D (between p q t).

(** A set is connected if two open sets that cover it and do not meet in it never share it. *)
Definition connected (S : point -> Prop) : Prop :=
  forall U V, open U -> open V ->
  (forall p, S p -> U p \/ V p) -> (forall p, S p -> ~ (U p /\ V p)) ->
  (forall p, S p -> U p) \/ (forall p, S p -> V p).

Definition same_component (X : point -> Prop) (p q : point) : Prop :=
  exists S, connected S /\ (forall r, S r -> X r) /\ S p /\ S q.

(** [X] has exactly [k] connected components: there are [k] points in different ones, and every
    other point shares one with one of them. *)
Definition components (X : point -> Prop) (k : nat) : Prop :=
  exists l : list point, length l = k /\ (forall p, In p l -> X p) /\
    ForallOrdPairs (fun p q => ~ same_component X p q) l /\
    forall p, X p -> exists q, In q l /\ same_component X p q.

(** The part of [D] that lies on none of the lines. *)
Definition without_lines (D : point -> Prop) (zs : list affine) (p : point) : Prop :=
  D p /\ forall z, In z zs -> value z p <> 0.

(** The points of [D] with a given sign vector. *)
Definition cell (D : point -> Prop) (zs : list affine) (s : list bool) (p : point) : Prop :=
  D p /\ has_signs zs p s.

Lemma value_between (z : affine) (p q : point) (t : R) :
  value z (between p q t) = (1 - t) * value z p + t * value z q.
Proof. unfold value, between. simpl. ring. Qed.

Lemma has_sign_between (c : bool) (a b t : R) :
  has_sign c a -> has_sign c b -> 0 <= t <= 1 -> has_sign c ((1 - t) * a + t * b).
Proof. destruct c; simpl; intros Ha Hb Ht; nra. Qed.

Lemma has_signs_between (zs : list affine) (p q : point) (t : R) (s : list bool) :
  has_signs zs p s -> has_signs zs q s -> 0 <= t <= 1 -> has_signs zs (between p q t) s.
Proof.
  intros Hp Hq Ht. revert Hq. induction Hp as [| z c zs s Hz Hp IH]; intros Hq; [constructor |].
  inversion_clear Hq as [| ? ? ? ? Hzq Hq']. constructor; [| exact (IH Hq')].
  rewrite value_between. apply has_sign_between; assumption.
Qed.

(** Near [p], an affine function is near its value at [p]. *)
Lemma value_near (z : affine) (e : R) (p q : point) :
  0 < e -> near e p q ->
  Rabs (value z q - value z p) < (Rabs (slope_x z) + Rabs (slope_y z) + 1) * e.
Proof.
  intros He [Hx Hy]. unfold value.
  replace (slope_x z * fst q + slope_y z * snd q + offset z
           - (slope_x z * fst p + slope_y z * snd p + offset z))
    with (slope_x z * (fst q - fst p) + slope_y z * (snd q - snd p)) by ring.
  eapply Rle_lt_trans; [apply Rabs_triang |]. rewrite !Rabs_mult.
  pose proof (Rabs_pos (slope_x z)). pose proof (Rabs_pos (slope_y z)).
  pose proof (Rabs_pos (fst q - fst p)). pose proof (Rabs_pos (snd q - snd p)). nra.
Qed.

Lemma near_smaller (d e : R) (p q : point) : d <= e -> near d p q -> near e p q.
Proof. intros H [Hx Hy]. split; lra. Qed.

Lemma has_sign_open (z : affine) (c : bool) : open (fun p => has_sign c (value z p)).
Proof.
  intros p Hp. set (m := Rabs (slope_x z) + Rabs (slope_y z) + 1).
  assert (Hm : 0 < m).
  { unfold m. pose proof (Rabs_pos (slope_x z)). pose proof (Rabs_pos (slope_y z)). lra. }
  assert (Hv : 0 < Rabs (value z p)).
  { apply Rabs_pos_lt. destruct c; simpl in Hp; lra. }
  assert (He : 0 < Rabs (value z p) / m) by (apply Rdiv_lt_0_compat; assumption).
  exists (Rabs (value z p) / m). split; [exact He |].
  intros q Hq. apply (value_near z _ _ _ He) in Hq. fold m in Hq.
  replace (m * (Rabs (value z p) / m)) with (Rabs (value z p)) in Hq by (field; lra).
  apply Rabs_def2 in Hq. destruct c; simpl in *.
  - rewrite Rabs_pos_eq in Hq by lra. lra.
  - rewrite Rabs_left in Hq by lra. lra.
Qed.

Lemma open_and (U V : point -> Prop) : open U -> open V -> open (fun p => U p /\ V p).
Proof.
  intros HU HV p [Up Vp].
  destruct (HU p Up) as (d & Hd & HUd). destruct (HV p Vp) as (e & He & HVe).
  exists (Rmin d e). split; [apply Rmin_glb_lt; assumption |].
  intros q Hq. split.
  - apply HUd. apply (near_smaller (Rmin d e)); [apply Rmin_l | exact Hq].
  - apply HVe. apply (near_smaller (Rmin d e)); [apply Rmin_r | exact Hq].
Qed.

Lemma has_signs_open (zs : list affine) (s : list bool) : open (fun p => has_signs zs p s).
Proof.
  revert s. induction zs as [| z zs IH]; intros s p Hp; inversion Hp; subst.
  - exists 1. split; [lra |]. intros q _. constructor.
  - destruct (open_and _ _ (has_sign_open z y) (IH l') p) as (e & He & H); [tauto |].
    exists e. split; [exact He |]. intros q Hq. constructor; apply H; exact Hq.
Qed.

(** Regions are sign vectors, first part: the points of an open convex set [D] with a given sign
    vector form an open convex set. *)
(* Mutant, without the hypothesis that D is open: `open D` becomes `convex D` *)
(* Mutant, without the hypothesis that D is convex: `convex D` becomes `open D` *)
Theorem cell_open_convex (D : point -> Prop) (zs : list affine) (s : list bool) :
  open D -> convex D -> open (cell D zs s) /\ convex (cell D zs s).
Proof.
  intros HO HC. split.
  - apply open_and; [exact HO | apply has_signs_open].
  - intros p q t [Dp Hp] [Dq Hq] Ht.
    split; [apply HC | apply has_signs_between]; assumption.
Qed.

Lemma between_near (p q : point) (e : R) :
  0 < e -> exists d, 0 < d /\
  forall s t, Rabs (t - s) < d -> near e (between p q s) (between p q t).
Proof.
  intros He. set (m := Rabs (fst q - fst p) + Rabs (snd q - snd p) + 1).
  pose proof (Rabs_pos (fst q - fst p)) as Hx. pose proof (Rabs_pos (snd q - snd p)) as Hy.
  assert (Hm : 0 < m) by (unfold m; lra).
  exists (e / m). split; [apply Rdiv_lt_0_compat; assumption |].
  intros s t Hst.
  assert (Hste : Rabs (t - s) * m < e).
  { apply (Rmult_lt_compat_r m) in Hst; [| exact Hm].
    replace (e / m * m) with e in Hst by (field; lra). exact Hst. }
  pose proof (Rabs_pos (t - s)) as Ht. unfold m in Hste.
  split; unfold between; simpl.
  - replace (_ - _) with ((t - s) * (fst q - fst p)) by ring. rewrite Rabs_mult. nra.
  - replace (_ - _) with ((t - s) * (snd q - snd p)) by ring. rewrite Rabs_mult. nra.
Qed.

(** Convex sets are connected: on the way from a point of [V] to a point of [U] there would be a
    last moment in [V]. *)
Lemma convex_connected (S : point -> Prop) : convex S -> connected S.
Proof.
  intros HC U V HU HV Hcover Hdis.
  destruct (classic (forall p, S p -> U p)) as [H | H]; [left; exact H | right].
  apply not_all_ex_not in H. destruct H as (p & Hp). apply imply_to_and in Hp.
  destruct Hp as [Sp Up]. assert (Vp : V p) by (destruct (Hcover p Sp); tauto). clear Up.
  intros q Sq. destruct (Hcover q Sq) as [Uq | Vq]; [exfalso | exact Vq].
  assert (HS : forall t, 0 <= t <= 1 -> S (between p q t)) by (intros t Ht; apply HC; assumption).
  set (E t := 0 <= t <= 1 /\ forall s, 0 <= s <= t -> V (between p q s)).
  assert (H0 : between p q 0 = p) by (destruct p; unfold between; simpl; f_equal; ring).
  assert (H1 : between p q 1 = q) by (destruct q; unfold between; simpl; f_equal; ring).
  assert (E0 : E 0).
  { split; [lra |]. intros s Hs. replace s with 0 by lra. rewrite H0. exact Vp. }
  destruct (completeness E) as (m & Hub & Hleast).
  { exists 1. intros t [Ht _]. lra. }
  { exists 0. exact E0. }
  assert (Hm : 0 <= m <= 1).
  { split; [apply Hub, E0 | apply Hleast; intros t [Ht _]; lra]. }
  assert (Hbelow : forall t, 0 <= t < m -> V (between p q t)).
  { intros t Ht. apply NNPP. intros HVt.
    assert (m <= t); [| lra]. apply Hleast. intros r [Hr HVr].
    destruct (Rle_lt_dec r t) as [Hrt | Hrt]; [exact Hrt |]. exfalso. apply HVt, HVr. lra. }
  destruct (Hcover _ (HS m Hm)) as [Um | Vm].
  - (* in U at the moment m: then in U, and in V, just before *)
    destruct (HU _ Um) as (e & He & HUe).
    destruct (between_near p q e He) as (d & Hd & Hnear).
    destruct (Req_dec m 0) as [-> | Hm0].
    + apply (Hdis p Sp). split; [| exact Vp]. rewrite <- H0. exact Um.
    + set (t := Rmax 0 (m - d / 2)).
      assert (Ht : 0 <= t < m /\ m - t < d).
      { unfold t, Rmax. destruct (Rle_dec 0 (m - d / 2)); lra. }
      apply (Hdis (between p q t)); [apply HS; lra |].
      split; [apply HUe, Hnear; rewrite Rabs_left; lra | apply Hbelow; lra].
  - (* in V at the moment m: then also a little later *)
    destruct (HV _ Vm) as (e & He & HVe).
    destruct (between_near p q e He) as (d & Hd & Hnear).
    set (t := Rmin 1 (m + d / 2)).
    assert (Ht : m <= t <= 1 /\ t - m < d /\ (m < t \/ t = 1)).
    { unfold t, Rmin. destruct (Rle_dec 1 (m + d / 2)); lra. }
    assert (HVt : forall s, 0 <= s <= t -> V (between p q s)).
    { intros s Hs. destruct (Rlt_le_dec s m) as [Hsm | Hsm]; [apply Hbelow; lra |].
      apply HVe, Hnear. rewrite Rabs_pos_eq; lra. }
    destruct Ht as (Ht & Hmt & [Hlt | Ht1]).
    + assert (t <= m); [apply Hub; split; [lra | exact HVt] | lra].
    + apply (Hdis q Sq). split; [exact Uq |]. rewrite <- H1, <- Ht1. apply HVt. lra.
Qed.

(** The sign vector of a point. *)
Definition signs (zs : list affine) (p : point) : list bool := map (fun z => plus (value z p)) zs.

Lemma plus_sign (t : R) : t <> 0 -> has_sign (plus t) t.
Proof. unfold plus. destruct (Rlt_dec 0 t); simpl; lra. Qed.

Lemma sign_plus (c : bool) (t : R) : has_sign c t -> c = plus t.
Proof. unfold plus. destruct c, (Rlt_dec 0 t); simpl; try lra; reflexivity. Qed.

Lemma has_signs_signs (zs : list affine) (p : point) :
  (forall z, In z zs -> value z p <> 0) -> has_signs zs p (signs zs p).
Proof.
  intros H. induction zs as [| z zs IH]; simpl; constructor.
  - apply plus_sign, H. simpl. tauto.
  - apply IH. intros z' Hz'. apply H. simpl. tauto.
Qed.

Lemma signs_unique (zs : list affine) (p : point) (s : list bool) :
  has_signs zs p s -> s = signs zs p.
Proof.
  induction 1 as [| z c zs s Hz H IH]; simpl; [reflexivity |].
  rewrite <- IH, <- (sign_plus _ _ Hz). reflexivity.
Qed.

Lemma has_signs_off (zs : list affine) (p : point) (s : list bool) :
  has_signs zs p s -> forall z, In z zs -> value z p <> 0.
Proof.
  induction 1 as [| z c zs s Hz H IH]; intros z' []; subst.
  - destruct c; simpl in Hz; lra.
  - apply IH. assumption.
Qed.

(** Regions are sign vectors, second part: two points of a convex set [D], on none of the lines, lie
    in the same component of [D] without the lines if and only if they have the same sign vector.
    So the nonempty cells are the components. *)
(* Mutant, the signs are opposite: `signs zs p = signs` becomes `map negb (signs zs p) = signs` *)
Theorem components_are_cells (D : point -> Prop) (zs : list affine) (p q : point) :
  convex D -> without_lines D zs p -> without_lines D zs q ->
  same_component (without_lines D zs) p q <-> signs zs p = signs zs q.
Proof.
  intros HC Hp Hq. split.
  - intros (S & HS & Hin & Sp & Sq).
    apply map_ext_in. intros z Hz.
    destruct (HS (fun r => has_sign true (value z r)) (fun r => has_sign false (value z r)))
      as [H | H]; try apply has_sign_open.
    + intros r Hr. destruct (Hin r Hr) as [_ Hoff]. specialize (Hoff z Hz). simpl. lra.
    + intros r _. simpl. lra.
    + rewrite <- (sign_plus _ _ (H p Sp)). apply sign_plus, H, Sq.
    + rewrite <- (sign_plus _ _ (H p Sp)). apply sign_plus, H, Sq.
  - intros Heq. exists (cell D zs (signs zs p)). split; [| split; [| split; split]].
    + apply convex_connected. intros r r' t [Dr Hr] [Dr' Hr'] Ht.
      split; [apply HC | apply has_signs_between]; assumption.
    + intros r [Dr Hr]. split; [exact Dr | exact (has_signs_off zs r _ Hr)].
    + apply Hp.
    + apply has_signs_signs, Hp.
    + apply Hq.
    + rewrite Heq. apply has_signs_signs, Hq.
Qed.

(** In particular there are as many components as sign vectors that occur: regions can be counted
    either way. *)
(* Mutant, one region is overlooked: `regions_in D zs k` becomes `regions_in D zs (k - 1)` *)
(* Mutant, without the hypothesis that D is convex: `convex D` becomes `open D` *)
Theorem regions_are_components (D : point -> Prop) (zs : list affine) (k : nat) :
  convex D -> components (without_lines D zs) k <-> regions_in D zs k.
Proof.
  intros HC. split.
  - intros (l & <- & Hin & Hpairs & Hall). exists (map (signs zs) l). split; [| split].
    + clear Hall. induction Hpairs as [| p l Hp Hpairs IH]; simpl; constructor.
      * rewrite in_map_iff. intros (q & Heq & Hq).
        rewrite Forall_forall in Hp. apply (Hp q Hq).
        apply components_are_cells; simpl in Hin; auto.
      * apply IH. intros q Hq. apply Hin. simpl. tauto.
    + intros s. rewrite in_map_iff. split.
      * intros (p & <- & Hp). apply Hin in Hp. exists p.
        split; [apply Hp | apply has_signs_signs, Hp].
      * intros (p & Dp & Hp).
        assert (Hoff : without_lines D zs p).
        { split; [exact Dp | exact (has_signs_off _ _ _ Hp)]. }
        destruct (Hall p Hoff) as (q & Hq & Hsame). exists q. split; [| exact Hq].
        rewrite (signs_unique zs p s Hp). symmetry.
        apply components_are_cells in Hsame; auto.
    + apply map_length.
  - intros (l & Hl & Hin & <-).
    assert (Hpoints : exists ps,
      map (signs zs) ps = l /\ forall p, In p ps -> without_lines D zs p).
    { assert (Hr : forall s, In s l -> realised_in D zs s) by (intros s; apply Hin).
      clear Hin Hl. induction l as [| s l IH]; [exists []; simpl; tauto |].
      destruct IH as (ps & Hps & Hoff); [intros s' Hs'; apply Hr; simpl; tauto |].
      destruct (Hr s) as (p & Dp & Hp); [simpl; tauto |].
      exists (p :: ps). simpl. rewrite Hps, <- (signs_unique zs p s Hp). split; [reflexivity |].
      intros q [<- | Hq]; [split; [exact Dp | exact (has_signs_off zs p s Hp)] | apply Hoff, Hq]. }
    destruct Hpoints as (ps & <- & Hoff). exists ps. rewrite map_length.
    split; [reflexivity |]. split; [exact Hoff |]. split.
    + clear Hin. induction ps as [| p ps IH]; constructor.
      * apply Forall_forall. intros q Hq Hsame. simpl in Hl, Hoff.
        inversion_clear Hl as [| ? ? Hnot _]. apply Hnot, in_map_iff. exists q.
        apply components_are_cells in Hsame; auto.
      * apply IH; [inversion Hl; assumption |]. intros q Hq. apply Hoff. simpl. tauto.
    + intros p Hp. assert (Hs : In (signs zs p) (map (signs zs) ps)).
      { apply Hin. exists p. split; [apply Hp | apply has_signs_signs, Hp]. }
      apply in_map_iff in Hs. destruct Hs as (q & Heq & Hq). exists q. split; [exact Hq |].
      apply components_are_cells; auto.
Qed.

(** ** One more line *)

(** The part of [D] on a line. *)
Definition on (z : affine) (D : point -> Prop) (p : point) : Prop := D p /\ value z p = 0.

Definition shift (p : point) (t : R) (u : point) : point := (fst p + t * fst u, snd p + t * snd u).

Definition along (z : affine) (u : point) : R := slope_x z * fst u + slope_y z * snd u.

Lemma value_shift (z : affine) (p : point) (t : R) (u : point) :
  value z (shift p t u) = value z p + t * along z u.
Proof. unfold value, shift, along. simpl. ring. Qed.

(** From each of its points one can move a little within [D] in the directions [u] and [- u]. *)
Definition moves (D : point -> Prop) (u : point) : Prop :=
  forall p, D p -> exists e, 0 < e /\ forall t, Rabs t < e -> D (shift p t u).

Lemma open_moves (D : point -> Prop) (u : point) : open D -> moves D u.
Proof.
  intros HO p Dp. destruct (HO p Dp) as (e & He & HDe).
  destruct (between_near p (shift p 1 u) e He) as (d & Hd & Hnear).
  exists d. split; [exact Hd |]. intros t Ht. apply HDe.
  replace (shift p t u) with (between p (shift p 1 u) t)
    by (unfold between, shift; simpl; f_equal; ring).
  assert (Hp : p = between p (shift p 1 u) 0).
  { destruct p; unfold between; simpl; f_equal; ring. }
  rewrite Hp at 1. apply Hnear. rewrite Rminus_0_r. exact Ht.
Qed.

Lemma moves_and (D E : point -> Prop) (u : point) :
  moves D u -> moves E u -> moves (fun p => D p /\ E p) u.
Proof.
  intros HD HE p [Dp Ep].
  destruct (HD p Dp) as (d & Hd & HDd). destruct (HE p Ep) as (e & He & HEe).
  exists (Rmin d e). split; [apply Rmin_glb_lt; assumption |]. intros t Ht. split.
  - apply HDd. eapply Rlt_le_trans; [exact Ht | apply Rmin_l].
  - apply HEe. eapply Rlt_le_trans; [exact Ht | apply Rmin_r].
Qed.

(** A cell that meets the line of [z] has points on both sides of it. *)
Lemma both_sides (D : point -> Prop) (z : affine) (zs : list affine) (u : point) (s : list bool) :
  moves D u -> along z u <> 0 -> realised_in (on z D) zs s ->
  forall c, realised_in D (z :: zs) (c :: s).
Proof.
  intros HD Hu (p & [Dp Hz] & Hp) c.
  destruct (moves_and D _ u HD (open_moves _ u (has_signs_open zs s)) p) as (e & He & Hmove);
    [tauto |].
  set (t := if Bool.eqb c (plus (along z u)) then e / 2 else - (e / 2)).
  assert (Ht : Rabs t < e).
  { unfold t. destruct (Bool.eqb c (plus (along z u)));
      [rewrite Rabs_pos_eq by lra | rewrite Rabs_left by lra]; lra. }
  destruct (Hmove t Ht) as [Dt Hst].
  exists (shift p t u). split; [exact Dt |]. constructor; [| exact Hst].
  rewrite value_shift, Hz. unfold t, plus.
  destruct (Rlt_dec 0 (along z u)) as [Hpos | Hneg], c; simpl; nra.
Qed.

Lemma crossed (D : point -> Prop) (z : affine) (zs : list affine) (s : list bool) :
  convex D -> realised_in D (z :: zs) (true :: s) -> realised_in D (z :: zs) (false :: s) ->
  realised_in (on z D) zs s.
Proof.
  intros HC (p & Dp & Hp) (q & Dq & Hq).
  inversion_clear Hp as [| ? ? ? ? Hzp Hp']. inversion_clear Hq as [| ? ? ? ? Hzq Hq'].
  simpl in Hzp, Hzq. set (t := value z p / (value z p - value z q)).
  assert (Ht : 0 <= t <= 1).
  { unfold t. split.
    - apply Rlt_le, Rdiv_lt_0_compat; lra.
    - apply (Rmult_le_reg_r (value z p - value z q)); [lra |].
      replace (value z p / _ * _) with (value z p) by (field; lra). lra. }
  exists (between p q t). split; [split; [apply HC; assumption |] |].
  - rewrite value_between. unfold t. field. lra.
  - apply has_signs_between; assumption.
Qed.

Lemma forget_sign (D : point -> Prop) (z : affine) (zs : list affine) (c : bool) (s : list bool) :
  realised_in D (z :: zs) (c :: s) -> realised_in D zs s.
Proof. intros (p & Dp & Hp). exists p. split; [exact Dp |]. inversion Hp; assumption. Qed.

Lemma no_empty_vector (D : point -> Prop) (z : affine) (zs : list affine) :
  ~ realised_in D (z :: zs) [].
Proof. intros (p & _ & H). inversion H. Qed.

(** One more function makes at most one more region for each region of the others on its line. *)
Lemma at_most_one_more (D : point -> Prop) (z : affine) (zs : list affine) (r r' r'' : nat) :
  convex D -> regions_in D (z :: zs) r -> regions_in D zs r' -> regions_in (on z D) zs r'' ->
  (r <= r' + r'')%nat.
Proof.
  intros HC Hr Hr' Hr''.
  destruct (number_split_head _ _ (no_empty_vector D z zs) Hr) as (a & b & Ha & Hb & ->).
  destruct (number_union_intersection _ _ _ _ Ha Hb) as (u & i & Hu & Hi & <-).
  apply Nat.add_le_mono.
  - apply (number_mono _ _ _ _ Hu Hr'). intros s [H | H]; exact (forget_sign _ _ _ _ _ H).
  - apply (number_mono _ _ _ _ Hi Hr''). intros s [H1 H2]. apply crossed; assumption.
Qed.

Lemma one_more (D : point -> Prop) (z : affine) (zs : list affine) (u : point) (r r' r'' : nat) :
  convex D -> moves D u -> along z u <> 0 ->
  regions_in D (z :: zs) r -> regions_in D zs r' -> regions_in (on z D) zs r'' ->
  r = (r' + r'')%nat.
Proof.
  intros HC HD Hu Hr Hr' Hr''.
  apply Nat.le_antisymm; [apply (at_most_one_more D z zs); assumption |].
  destruct (number_split_head _ _ (no_empty_vector D z zs) Hr) as (a & b & Ha & Hb & ->).
  destruct (number_union_intersection _ _ _ _ Ha Hb) as (v & i & Hv & Hi & <-).
  apply Nat.add_le_mono.
  - apply (number_mono _ _ _ _ Hr' Hv). intros s (p & Dp & Hp).
    destruct (Rtotal_order (value z p) 0) as [Hz | [Hz | Hz]].
    + right. exists p. split; [exact Dp | constructor; [exact Hz | exact Hp]].
    + left. apply (both_sides D z zs u); [exact HD | exact Hu |].
      exists p. split; [split; assumption | exact Hp].
    + left. exists p. split; [exact Dp | constructor; [exact Hz | exact Hp]].
  - apply (number_mono _ _ _ _ Hr'' Hi). intros s Hs.
    split; apply (both_sides D z zs u); assumption.
Qed.

(** Deletion and restriction: in an open convex part of the plane, the regions of [n + 1] lines are
    those of [n] of them and those that these cut out of the last line. *)
(* Mutant, the regions on the line are counted twice: `r' + r''` becomes `r' + 2 * r''` *)
(* Mutant, an affine function that may be constant: `is_line z` becomes `True` *)
Theorem deletion_restriction (D : point -> Prop) (z : affine) (zs : list affine) (r r' r'' : nat) :
  open D -> convex D -> is_line z ->
  regions_in D (z :: zs) r -> regions_in D zs r' -> regions_in (on z D) zs r'' ->
  r = (r' + r'')%nat.
Proof.
  intros HO HC Hz.
  apply (one_more D z zs (slope_x z, slope_y z)); [exact HC | apply open_moves, HO |].
  unfold along, is_line in *. simpl. intros H. apply Hz. split; nra.
Qed.

(** ** The bound, and when it is attained *)

Definition zero : affine := Affine 0 0 0.

Definition not_parallel (z z' : affine) : Prop :=
  slope_x z * slope_y z' - slope_y z * slope_x z' <> 0.

Definition common_point (z z' z'' : affine) (p : point) : Prop :=
  value z p = 0 /\ value z' p = 0 /\ value z'' p = 0.

Definition no_two_parallel (zs : list affine) : Prop :=
  (forall i j, i < j < length zs -> not_parallel (nth i zs zero) (nth j zs zero))%nat.

(** General position: all functions vanish on lines, no two of these are parallel (in particular no
    two are equal), and no three have a common point. *)
Definition general_position (zs : list affine) : Prop :=
  (forall i, i < length zs -> is_line (nth i zs zero))%nat /\
  no_two_parallel zs /\
  (forall i j k, i < j < k /\ k < length zs ->
     forall p, ~ common_point (nth i zs zero) (nth j zs zero) (nth k zs zero) p)%nat.

(** The lines [zs] meet the line [z] in different points. *)
Definition meets_apart (z : affine) (zs : list affine) : Prop :=
  (forall j, j < length zs -> not_parallel z (nth j zs zero))%nat /\
  (forall j k, j < k < length zs ->
     forall p, ~ common_point z (nth j zs zero) (nth k zs zero) p)%nat.

Lemma general_position_cons (z : affine) (zs : list affine) :
  general_position (z :: zs) <-> is_line z /\ meets_apart z zs /\ general_position zs.
Proof.
  unfold general_position, no_two_parallel, meets_apart. simpl length. split.
  - intros (H1 & H2 & H3).
    split; [apply (H1 0%nat); lia |]. split; split.
    + intros j Hj. apply (H2 0%nat (S j)). lia.
    + intros j k Hjk. apply (H3 0%nat (S j) (S k)). lia.
    + intros i Hi. apply (H1 (S i)). lia.
    + split.
      * intros i j Hij. apply (H2 (S i) (S j)). lia.
      * intros i j k Hij. apply (H3 (S i) (S j) (S k)). lia.
  - intros (Hz & (Hp & Hc) & H1 & H2 & H3). split; [| split].
    + intros [| i] Hi; [exact Hz | apply H1; lia].
    + intros [| i] [| j] Hij; try lia; [apply Hp | apply H2]; lia.
    + intros [| i] [| j] [| k] Hij; try lia; [apply Hc | apply H3]; lia.
Qed.

Lemma meets_apart_cons (z z' : affine) (zs : list affine) :
  meets_apart z (z' :: zs) <->
  not_parallel z z' /\ (forall z'' p, In z'' zs -> ~ common_point z z' z'' p) /\ meets_apart z zs.
Proof.
  unfold meets_apart. simpl length. split.
  - intros (H1 & H2). split; [apply (H1 0%nat); lia |]. split; [| split].
    + intros z'' p Hin. destruct (In_nth zs z'' zero Hin) as (k & Hk & <-).
      apply (H2 0%nat (S k)). lia.
    + intros j Hj. apply (H1 (S j)). lia.
    + intros j k Hjk. apply (H2 (S j) (S k)). lia.
  - intros (Hp & Hc & H1 & H2). split.
    + intros [| j] Hj; [exact Hp | apply H1; lia].
    + intros [| j] [| k] Hjk; try lia; [| apply H2; lia].
      intros p. apply (Hc (nth k zs zero)), nth_In. lia.
Qed.

Lemma on_convex (z : affine) (D : point -> Prop) : convex D -> convex (on z D).
Proof.
  intros HC p q t [Dp Hp] [Dq Hq] Ht. split; [apply HC; assumption |].
  rewrite value_between, Hp, Hq. ring.
Qed.

Lemma plane_convex : convex plane.
Proof. intros p q t _ _ _. exact I. Qed.

Lemma plane_open : open plane.
Proof. intros p _. exists 1. split; [lra |]. intros q _. exact I. Qed.

(** A function that vanishes on [D] leaves no region, and one that has no zero in [D] leaves none on
    its line. *)
Lemma regions_vanishing (D : point -> Prop) (z : affine) (zs : list affine) :
  (forall p, D p -> value z p = 0) -> regions_in D (z :: zs) 0.
Proof.
  intros H. apply number_zero. intros s (p & Dp & Hp).
  apply (has_signs_off (z :: zs) p s Hp z); [simpl; tauto | apply H, Dp].
Qed.

Lemma regions_empty (D : point -> Prop) (zs : list affine) :
  (forall p, ~ D p) -> regions_in D zs 0.
Proof. intros H. apply number_zero. intros s (p & Dp & _). exact (H p Dp). Qed.

(** A line has a point. *)
Lemma line_point (z : affine) : is_line z -> exists p, value z p = 0.
Proof.
  intros Hz. destruct z as [a b c]. unfold is_line, value in *. simpl in *.
  assert (Hn : a * a + b * b <> 0) by (intros H; apply Hz; split; nra).
  exists (- c * a / (a * a + b * b), - c * b / (a * a + b * b)). simpl. field. exact Hn.
Qed.

(** Two lines that are not parallel meet, and in one point only. *)
Lemma meeting_point (z z' : affine) :
  not_parallel z z' ->
  exists p, value z p = 0 /\ value z' p = 0 /\
    forall q, value z q = 0 -> value z' q = 0 -> q = p.
Proof.
  intros H. destruct z as [a b c], z' as [a' b' c']. unfold not_parallel, value in *. simpl in *.
  exists ((b * c' - c * b') / (a * b' - b * a'), (c * a' - a * c') / (a * b' - b * a')).
  simpl. split; [field; exact H |]. split; [field; exact H |].
  intros [x y]. simpl. intros Hz Hz'. f_equal.
  - apply (Rmult_eq_reg_r (a * b' - b * a')); [| exact H].
    transitivity (b * c' - c * b'); [| field; exact H].
    replace c with (- (a * x + b * y)) by lra. replace c' with (- (a' * x + b' * y)) by lra. ring.
  - apply (Rmult_eq_reg_r (a * b' - b * a')); [| exact H].
    transitivity (c * a' - a * c'); [| field; exact H].
    replace c with (- (a * x + b * y)) by lra. replace c' with (- (a' * x + b' * y)) by lra. ring.
Qed.

(** A line is parallel to another one if it misses it or is equal to it. *)
Lemma parallel_on_line (z z' : affine) :
  is_line z -> ~ not_parallel z z' ->
  (forall p, value z p = 0 -> value z' p <> 0) \/ (forall p, value z p = 0 -> value z' p = 0).
Proof.
  intros Hz Hpar. apply NNPP in Hpar.
  destruct (classic (exists p, value z p = 0 /\ value z' p = 0)) as [(p & Hp & Hp') | Hno];
    [right | left; intros p Hp Hp'; apply Hno; exists p; tauto].
  intros q Hq. destruct z as [a b c], z' as [a' b' c'], p as [x y], q as [x1 y1].
  unfold is_line, value in *. simpl in *.
  assert (H : a * (x1 - x) + b * (y1 - y) = 0) by lra.
  enough (a' * (x1 - x) + b' * (y1 - y) = 0) by lra.
  destruct (Req_dec a 0) as [Ha | Ha].
  - assert (Hb : b <> 0) by tauto. apply (Rmult_eq_reg_l b); [| exact Hb].
    transitivity (b' * (a * (x1 - x) + b * (y1 - y)) - (x1 - x) * (a * b' - b * a')); [ring |].
    rewrite H, Hpar. ring.
  - apply (Rmult_eq_reg_l a); [| exact Ha].
    transitivity (a' * (a * (x1 - x) + b * (y1 - y)) + (y1 - y) * (a * b' - b * a')); [ring |].
    rewrite H, Hpar. ring.
Qed.

(** On a line, [n] others cut out at most [n + 1] regions, and exactly that many if and only if they
    meet it in [n] different points. *)
Lemma regions_on_line (z : affine) (zs : list affine) (k : nat) :
  is_line z -> regions_in (on z plane) zs k ->
  (k <= length zs + 1 /\ (k = length zs + 1 <-> meets_apart z zs))%nat.
Proof.
  intros Hz. revert k. induction zs as [| z' zs IH]; intros k Hk.
  - assert (Hone : k = 1%nat).
    { apply (number_unique _ (realised_in (on z plane) []) _ _ Hk); [| tauto].
      destruct (line_point z Hz) as (p & Hp). apply (number_one _ []).
      - exists p. split; [split; [exact I | exact Hp] | constructor].
      - intros s (q & _ & Hq). inversion Hq. reflexivity. }
    subst k. split; [simpl; lia |]. split; [| reflexivity].
    intros _. split; simpl; intros; lia.
  - destruct (regions_exist (on z plane) zs) as (r' & Hr').
    destruct (regions_exist (on z' (on z plane)) zs) as (r'' & Hr'').
    destruct (IH r' Hr') as [Hle Hiff]. rewrite meets_apart_cons, <- Hiff. simpl length.
    destruct (classic (not_parallel z z')) as [Hcross | Hpar].
    + (* the new line crosses the line in one point *)
      assert (Hk' : k = (r' + r'')%nat).
      { apply (one_more (on z plane) z' zs (slope_y z, - slope_x z)); try assumption.
        - apply on_convex, plane_convex.
        - intros p [_ Hp]. exists 1. split; [lra |]. intros t _. split; [exact I |].
          rewrite value_shift, Hp. unfold along. simpl. ring.
        - unfold along, not_parallel in *. simpl. lra. }
      destruct (meeting_point z z' Hcross) as (p & Hp & Hp' & Huniq).
      destruct (classic (forall z'' q, In z'' zs -> ~ common_point z z' z'' q)) as [Hap | Hap].
      * assert (Hone : r'' = 1%nat).
        { apply (number_unique _ (realised_in (on z' (on z plane)) zs) _ _ Hr''); [| tauto].
          apply (number_one _ (signs zs p)).
          - exists p. split; [split; [split; [exact I |] |]; assumption |].
            apply has_signs_signs. intros z'' Hin H0.
            apply (Hap z'' p Hin). repeat split; assumption.
          - intros s (q & [[_ Hq] Hq'] & Hs). rewrite <- (Huniq q Hq Hq').
            apply signs_unique, Hs. }
        split; [lia |]. split; [intros; split; [exact Hcross | split; [exact Hap | lia]] | lia].
      * assert (r'' = 0%nat).
        { apply (number_unique _ (realised_in (on z' (on z plane)) zs) _ _ Hr''); [| tauto].
          apply number_zero. intros s (q & [[_ Hq] Hq'] & Hs). apply Hap.
          intros z'' q' Hin (H1 & H2 & H3).
          apply (has_signs_off zs q s Hs z'' Hin).
          rewrite (Huniq q Hq Hq'), <- (Huniq q' H1 H2). exact H3. }
        split; [lia |]. split; [lia | tauto].
    + (* the new line is parallel *)
      assert (Hlt : (k <= r')%nat).
      { destruct (parallel_on_line z z' Hz Hpar) as [Hmiss | Hsame].
        - replace r' with (r' + 0)%nat by lia.
          apply (at_most_one_more (on z plane) z' zs); try assumption.
          + apply on_convex, plane_convex.
          + apply regions_empty. intros p [[_ Hp] Hp']. exact (Hmiss p Hp Hp').
        - replace k with 0%nat; [lia |].
          apply (number_unique (realised_in (on z plane) (z' :: zs))
                               (realised_in (on z plane) (z' :: zs)));
            [| exact Hk | tauto].
          apply regions_vanishing. intros p [_ Hp]. exact (Hsame p Hp). }
      split; [lia |]. split; [lia | tauto].
Qed.

Definition max_regions (n : nat) : nat := (n * (n + 1) / 2 + 1)%nat.

Lemma max_regions_succ (n : nat) : max_regions (S n) = (max_regions n + (n + 1))%nat.
Proof.
  unfold max_regions. rewrite !max_regions_binomials, !choose_one.
  change (choose (S n) 2) with (choose n 1 + choose n 2)%nat. rewrite choose_one.
  replace (choose (S n) 0) with (choose n 0) by (destruct n; reflexivity). lia.
Qed.

(** Lines in the plane: [n] of them have at most [n (n + 1) / 2 + 1] regions, with equality if and
    only if they are in general position.  Affine functions that are constant are allowed here, as
    well as several functions for one line; with them there are fewer regions. *)
(* Mutant, three lines may meet in one point: `general_position zs` becomes `no_two_parallel zs` *)
(* Mutant, strictly fewer: `(k <= length` becomes `(k < length` *)
Theorem steiner (zs : list affine) (k : nat) :
  regions zs k ->
  (k <= length zs * (length zs + 1) / 2 + 1)%nat /\
  (k = length zs * (length zs + 1) / 2 + 1 <-> general_position zs)%nat.
Proof.
  fold (max_regions (length zs)).
  revert k. induction zs as [| z zs IH]; intros k Hk.
  - assert (Hone : k = 1%nat).
    { apply (number_unique _ (realised []) _ _ Hk); [| tauto]. apply (number_one _ []).
      - exists (0, 0). split; [exact I | constructor].
      - intros s (q & _ & Hq). inversion Hq. reflexivity. }
    subst k. split; [cbv; lia |]. split; [| reflexivity].
    intros _. unfold general_position, no_two_parallel. simpl length.
    split; [| split]; intros; lia.
  - destruct (regions_exist plane zs) as (r' & Hr').
    destruct (regions_exist (on z plane) zs) as (r'' & Hr'').
    destruct (IH r' Hr') as [Hle Hiff].
    rewrite general_position_cons, <- Hiff. simpl length. rewrite max_regions_succ.
    destruct (classic (is_line z)) as [Hz | Hz].
    + assert (Hk' : k = (r' + r'')%nat).
      { apply (deletion_restriction plane z zs); try assumption.
        - apply plane_open.
        - apply plane_convex. }
      destruct (regions_on_line z zs r'' Hz Hr'') as [Hle'' Hiff'']. rewrite <- Hiff''.
      split; [lia |]. split; [intros; repeat split; [exact Hz | lia | lia] | lia].
    + (* a constant function *)
      assert (Hlt : (k <= r')%nat).
      { apply NNPP in Hz. destruct Hz as [Hx Hy].
        assert (Hconst : forall p, value z p = offset z).
        { intros p. unfold value. rewrite Hx, Hy. ring. }
        destruct (Req_dec (offset z) 0) as [H0 | H0].
        - replace k with 0%nat; [lia |].
          apply (number_unique (realised (z :: zs)) (realised (z :: zs))); [| exact Hk | tauto].
          apply regions_vanishing. intros p _. rewrite Hconst. exact H0.
        - replace r' with (r' + 0)%nat by lia.
          apply (at_most_one_more plane z zs); try assumption; [apply plane_convex |].
          apply regions_empty. intros p [_ Hp]. rewrite Hconst in Hp. exact (H0 Hp). }
      split; [lia |]. split; [lia | tauto].
Qed.

(** ** Regions of any arrangement *)

Definition scale (t : R) (a : affine) : affine :=
  Affine (t * slope_x a) (t * slope_y a) (t * offset a).

Lemma value_scale (t : R) (a : affine) (p : point) : value (scale t a) p = t * value a p.
Proof. unfold value, scale. simpl. ring. Qed.

(** Two affine functions vanish on the same line if one is a multiple of the other. *)
Definition same_line (z g : affine) : Prop := exists t, t <> 0 /\ z = scale t g.

Definition different_lines (L : list affine) : Prop :=
  (forall g, In g L -> is_line g) /\ ForallOrdPairs (fun g h => ~ same_line g h) L.

Lemma same_line_refl (z : affine) : same_line z z.
Proof.
  exists 1. split; [lra |]. destruct z as [a b c]. unfold scale. simpl. f_equal; ring.
Qed.

Lemma same_line_sym (z g : affine) : same_line z g -> same_line g z.
Proof.
  intros (t & Ht & ->). exists (/ t). split; [apply Rinv_neq_0_compat, Ht |].
  destruct g as [a b c]. unfold scale. simpl. f_equal; field; exact Ht.
Qed.

Lemma same_line_trans (z g h : affine) : same_line z g -> same_line g h -> same_line z h.
Proof.
  intros (t & Ht & ->) (r & Hr & ->). exists (t * r).
  split; [apply Rmult_integral_contrapositive; tauto |].
  unfold scale. simpl. f_equal; ring.
Qed.

(** Two functions with a common zero that do not change along the same direction have the same
    line. *)
Lemma same_line_direction (g h : affine) (p : point) :
  is_line g -> is_line h -> value g p = 0 -> value h p = 0 ->
  along h (slope_y g, - slope_x g) = 0 -> same_line h g.
Proof.
  intros Hg Hh Hgp Hhp Hu. destruct g as [a b c], h as [a' b' c'].
  unfold is_line, value, along, same_line, scale in *. simpl in *.
  assert (Hn : a * a + b * b <> 0) by (intros H; apply Hg; split; nra).
  set (t := (a' * a + b' * b) / (a * a + b * b)).
  assert (Ha : a' = t * a).
  { unfold t. apply (Rmult_eq_reg_r (a * a + b * b)); [| exact Hn].
    transitivity (a * (a' * a + b' * b) + b * (a' * b + b' * - a)); [ring |].
    rewrite Hu. field. exact Hn. }
  assert (Hb : b' = t * b).
  { unfold t. apply (Rmult_eq_reg_r (a * a + b * b)); [| exact Hn].
    transitivity (b * (a' * a + b' * b) - a * (a' * b + b' * - a)); [ring |].
    rewrite Hu. field. exact Hn. }
  exists t. split.
  - intros H0. apply Hh. rewrite Ha, Hb, H0. split; ring.
  - f_equal; [exact Ha | exact Hb |].
    replace c with (- (a * fst p + b * snd p)) by lra.
    replace c' with (- (a' * fst p + b' * snd p)) by lra. rewrite Ha, Hb. ring.
Qed.

(** Different lines with a common point are not parallel, so they have only this one. *)
Lemma crossing_lines (z z' : affine) (p : point) :
  is_line z -> is_line z' -> ~ same_line z z' -> value z p = 0 -> value z' p = 0 ->
  along z' (slope_y z, - slope_x z) <> 0 /\ forall q, value z q = 0 -> value z' q = 0 -> q = p.
Proof.
  intros Hz Hz' Hne Hp Hp'.
  assert (Hcross : along z' (slope_y z, - slope_x z) <> 0).
  { intros H. apply Hne, same_line_sym, (same_line_direction z z' p); assumption. }
  split; [exact Hcross |]. intros q Hq Hq'.
  destruct (meeting_point z z') as (r & _ & _ & Huniq).
  - unfold not_parallel. unfold along in Hcross. simpl in Hcross. lra.
  - rewrite (Huniq q Hq Hq'). symmetry. exact (Huniq p Hp Hp').
Qed.

Definition vanishes (z : affine) (p : point) : bool :=
  if Req_EM_T (value z p) 0 then true else false.

Lemma vanishes_iff (z : affine) (p : point) : vanishes z p = true <-> value z p = 0.
Proof. unfold vanishes. destruct (Req_EM_T (value z p) 0); split; intros; congruence. Qed.

(** How many of the lines pass through the point. *)
Definition through (zs : list affine) (p : point) : nat :=
  length (filter (fun z => vanishes z p) zs).

Lemma through_cons (z : affine) (zs : list affine) (p : point) :
  through (z :: zs) p = ((if vanishes z p then 1 else 0) + through zs p)%nat.
Proof. unfold through. simpl. destruct (vanishes z p); reflexivity. Qed.

Lemma through_positive (zs : list affine) (p : point) :
  (0 < through zs p)%nat <-> exists z, In z zs /\ value z p = 0.
Proof.
  induction zs as [| z zs IH]; [cbn; split; [lia | intros (z & [] & _)] |].
  rewrite through_cons. pose proof (vanishes_iff z p) as Hz. split.
  - intros H. destruct (vanishes z p); [exists z; simpl; tauto |].
    destruct (proj1 IH H) as (z' & Hin & Hz'). exists z'. simpl. tauto.
  - intros (z' & [<- | Hin] & H); [apply Hz in H; rewrite H; lia |].
    assert (0 < through zs p)%nat by (apply IH; exists z'; tauto). lia.
Qed.

Lemma filter_ext_length {T : Type} (f g : T -> bool) (l : list T) :
  (forall x, In x l -> f x = g x) -> length (filter f l) = length (filter g l).
Proof. intros H. rewrite (filter_ext_in f g l H). reflexivity. Qed.

Lemma filter_one_more {T : Type} (f g : T -> bool) (l : list T) (q : T) :
  NoDup l -> In q l -> f q = false -> g q = true ->
  (forall x, In x l -> x <> q -> f x = g x) ->
  length (filter g l) = S (length (filter f l)).
Proof.
  induction 1 as [| x l Hx Hl IH]; intros Hq Hf Hg H; [contradiction |].
  destruct Hq as [Hq | Hq]; simpl.
  - subst x. rewrite Hf, Hg. simpl. f_equal. apply filter_ext_length.
    intros y Hy. symmetry. apply H; [simpl; tauto |]. intros ->. contradiction.
  - assert (Hxq : x <> q) by (intros ->; contradiction).
    rewrite (H x) by (simpl; tauto).
    assert (IH' : length (filter g l) = S (length (filter f l))).
    { apply IH; try assumption. intros y Hy. apply H. simpl. tauto. }
    destruct (g x); simpl; lia.
Qed.

(** A line that misses [D] changes nothing there. *)
Lemma missing_line (D : point -> Prop) (z : affine) (zs : list affine) (r r' : nat) :
  convex D -> (forall p, D p -> value z p <> 0) ->
  regions_in D (z :: zs) r -> regions_in D zs r' -> r = r'.
Proof.
  intros HC Hmiss Hr Hr'. apply Nat.le_antisymm.
  - replace r' with (r' + 0)%nat by lia. apply (at_most_one_more D z zs); try assumption.
    apply regions_empty. intros p [Dp Hp]. exact (Hmiss p Dp Hp).
  - destruct (number_split_head _ _ (no_empty_vector D z zs) Hr) as (a & b & Ha & Hb & ->).
    destruct (number_union_intersection _ _ _ _ Ha Hb) as (u & i & Hu & _ & <-).
    apply Nat.le_trans with u; [| lia]. apply (number_mono _ _ _ _ Hr' Hu).
    intros s (p & Dp & Hp). pose proof (plus_sign _ (Hmiss p Dp)) as Hz.
    destruct (plus (value z p)); [left | right];
      (exists p; split; [exact Dp | constructor; [exact Hz | exact Hp]]).
Qed.

(** A line through [D] is cut into one piece more than there are points of [D] in which the others
    meet it. *)
Lemma pieces_of_line (D : point -> Prop) (z : affine) (zs : list affine) (l : list point)
  (k : nat) :
  open D -> convex D -> is_line z -> (exists p, on z D p) ->
  (forall z', In z' zs -> is_line z' /\ ~ same_line z z') ->
  NoDup l -> (forall z' p, In z' zs -> on z D p -> value z' p = 0 -> In p l) ->
  (forall p, In p l -> D p) ->
  regions_in (on z D) zs k ->
  k = (1 + length (filter (fun p => vanishes z p && (0 <? through zs p)) l))%nat.
Proof.
  intros HO HC Hz Hmeets Hzs Hl Hcross Hin. revert k.
  induction zs as [| z' zs IH]; intros k Hk.
  - assert (Hnone : filter (fun p => vanishes z p && (0 <? through [] p)) l = []).
    { clear. induction l as [| p l IH]; simpl; [reflexivity |]. rewrite andb_false_r. exact IH. }
    rewrite Hnone. apply (number_unique _ (realised_in (on z D) []) _ _ Hk); [| tauto].
    destruct Hmeets as (p & Hp). apply (number_one _ []).
    + exists p. split; [exact Hp | constructor].
    + intros s (q & _ & Hq). inversion Hq. reflexivity.
  - destruct (regions_exist (on z D) zs) as (r' & Hr').
    assert (Hr'count := IH ltac:(intros; apply Hzs; simpl; tauto)
                           ltac:(intros z0 p Hz0; apply (Hcross z0); simpl; tauto) r' Hr').
    destruct (classic (exists q, on z D q /\ value z' q = 0)) as [(q & [Dq Hzq] & Hq) | Hmiss].
    + destruct (Hzs z') as [Hz' Hne]; [simpl; tauto |].
      destruct (crossing_lines z z' q Hz Hz' Hne Hzq Hq) as [Hu Huniq].
      destruct (regions_exist (on z' (on z D)) zs) as (r'' & Hr'').
      assert (Hsum : k = (r' + r'')%nat).
      { apply (one_more (on z D) z' zs (slope_y z, - slope_x z)); try assumption.
        - apply on_convex, HC.
        - apply moves_and; [apply open_moves, HO |]. intros p Hp. exists 1. split; [lra |].
          intros t _. rewrite value_shift, Hp. unfold along. simpl. ring. }
      assert (Hql : In q l) by (apply (Hcross z'); [simpl | split |]; tauto).
      (* the points that count now are those before and q *)
      assert (Hrest : forall p, In p l -> p <> q ->
        vanishes z p && (0 <? through zs p) = vanishes z p && (0 <? through (z' :: zs) p)).
      { intros p Hp Hpq. rewrite through_cons.
        destruct (vanishes z p) eqn:E; [| reflexivity].
        destruct (vanishes z' p) eqn:E'; [| reflexivity].
        apply vanishes_iff in E, E'. exfalso. apply Hpq, Huniq; assumption. }
      pose proof (proj2 (vanishes_iff z q) Hzq) as Ez.
      pose proof (proj2 (vanishes_iff z' q) Hq) as Ez'.
      destruct (Nat.eq_dec (through zs q) 0) as [Hnew | Hold].
      * assert (Hone : r'' = 1%nat).
        { apply (number_unique _ (realised_in (on z' (on z D)) zs) _ _ Hr''); [| tauto].
          apply (number_one _ (signs zs q)).
          - exists q. split; [split; [split |]; assumption |]. apply has_signs_signs.
            intros z0 Hz0 H0.
            assert (0 < through zs q)%nat by (apply through_positive; exists z0; tauto).
            lia.
          - intros s (q' & [[_ Hq1] Hq2] & Hs). rewrite <- (Huniq q' Hq1 Hq2).
            apply signs_unique, Hs. }
        rewrite (filter_one_more (fun p => vanishes z p && (0 <? through zs p)) _ l q Hl Hql);
          [lia | | | exact Hrest].
        -- rewrite Hnew. apply andb_false_r.
        -- rewrite through_cons, Ez, Ez', Hnew. reflexivity.
      * assert (Hnone : r'' = 0%nat).
        { apply (number_unique _ (realised_in (on z' (on z D)) zs) _ _ Hr''); [| tauto].
          apply number_zero. intros s (q' & [[_ Hq1] Hq2] & Hs).
          assert (Hpos : (0 < through zs q)%nat) by lia. apply through_positive in Hpos.
          destruct Hpos as (z0 & Hz0 & H0). apply (has_signs_off zs q' s Hs z0 Hz0).
          rewrite (Huniq q' Hq1 Hq2). exact H0. }
        rewrite <- (filter_ext_length (fun p => vanishes z p && (0 <? through zs p))); [lia |].
        intros p Hp. destruct (classic (p = q)) as [-> | Hpq]; [| exact (Hrest p Hp Hpq)].
        rewrite through_cons, Ez, Ez'. destruct (through zs q); [contradiction | reflexivity].
    + assert (Hsame : k = r').
      { apply (missing_line (on z D) z' zs); try assumption; [apply on_convex, HC |].
        intros p Hp H0. apply Hmiss. exists p. tauto. }
      rewrite Hsame, Hr'count. f_equal. apply filter_ext_length. intros p Hp. rewrite through_cons.
      destruct (vanishes z p) eqn:E; [| reflexivity].
      destruct (vanishes z' p) eqn:E'; [| reflexivity].
      apply vanishes_iff in E, E'. exfalso. apply Hmiss. exists p.
      split; [split; [apply Hin, Hp | exact E] | exact E'].
Qed.

Lemma different_lines_cons (z : affine) (zs : list affine) :
  different_lines (z :: zs) ->
  is_line z /\ (forall z', In z' zs -> is_line z' /\ ~ same_line z z') /\ different_lines zs.
Proof.
  intros [Hlines Hpairs]. inversion_clear Hpairs as [| ? ? Hz Hpairs'].
  rewrite Forall_forall in Hz. split; [apply Hlines; simpl; tauto |]. split.
  - intros z' Hin. split; [apply Hlines; simpl; tauto | apply Hz, Hin].
  - split; [intros g Hg; apply Hlines; simpl; tauto | exact Hpairs'].
Qed.

Lemma sum_through_cons (z : affine) (zs : list affine) (l : list point) :
  list_sum (map (fun p => through (z :: zs) p - 1)%nat l)
  = (list_sum (map (fun p => through zs p - 1) l)
     + length (filter (fun p => vanishes z p && (0 <? through zs p)) l))%nat.
Proof.
  induction l as [| p l IH]; [reflexivity |].
  cbn [map list_sum fold_right filter]. unfold list_sum in IH. rewrite IH, through_cons.
  destruct (vanishes z p); [| simpl; lia].
  destruct (through zs p); cbn [andb Nat.ltb Nat.leb length]; lia.
Qed.

(** Regions in a box, or in another open convex part [D] of the plane that is not empty: if [m] of
    the different lines meet it, then they cut it into [1 + m + sum (m_p - 1)] regions, where the
    sum runs over the crossings [p] in it, [l] lists these, and [m_p] lines pass through [p]. *)
(* Mutant, not one less than lines pass there: `through zs p - 1` becomes `through zs p` *)
(* Mutant, lines that miss the box count: `exists p, on z D p` becomes `exists p, on z plane p` *)
Theorem regions_in_box (D : point -> Prop) (zs : list affine) (l : list point) (m k : nat) :
  open D -> convex D -> (exists p, D p) -> different_lines zs ->
  NoDup l -> (forall p, In p l <-> D p /\ (2 <= through zs p)%nat) ->
  number (fun z => In z zs /\ exists p, on z D p) m ->
  regions_in D zs k ->
  k = (1 + m + list_sum (map (fun p => through zs p - 1) l))%nat.
Proof.
  intros HO HC HD HL Hl Hall.
  assert (Hin : forall p, In p l -> D p) by (intros p Hp; apply Hall, Hp).
  assert (Hcross : forall p, D p -> (2 <= through zs p)%nat -> In p l).
  { intros. apply Hall. tauto. }
  clear Hall. revert m k. induction zs as [| z zs IH]; intros m k Hm Hk.
  - assert (Hsum : list_sum (map (fun p => through [] p - 1)%nat l) = 0%nat).
    { clear. induction l as [| p l IH]; [reflexivity | exact IH]. }
    assert (Hm0 : m = 0%nat).
    { apply (number_unique _ (fun z : affine => False) _ _ Hm).
      - apply number_zero. tauto.
      - simpl. tauto. }
    rewrite Hm0, Hsum.
    destruct HD as (p & Dp). apply (number_unique _ (realised_in D []) _ _ Hk); [| tauto].
    apply (number_one _ []).
    + exists p. split; [exact Dp | constructor].
    + intros s (q & _ & Hq). inversion Hq. reflexivity.
  - apply different_lines_cons in HL. destruct HL as (Hz & Hzs & HL).
    destruct (regions_exist D zs) as (r' & Hr').
    destruct (number_part (fun z' => In z' zs /\ exists p, on z' D p) _ m Hm) as (m' & Hm').
    { simpl. tauto. }
    assert (IH' : r' = (1 + m' + list_sum (map (fun p => through zs p - 1) l))%nat).
    { apply IH; try assumption. intros p Dp Hp. apply Hcross; [exact Dp |].
      rewrite through_cons. lia. }
    rewrite sum_through_cons.
    destruct (classic (exists p, on z D p)) as [Hmeets | Hmiss].
    + destruct (regions_exist (on z D) zs) as (r'' & Hr'').
      rewrite (deletion_restriction D z zs k r' r'' HO HC Hz Hk Hr' Hr'').
      rewrite (pieces_of_line D z zs l r'' HO HC Hz Hmeets Hzs Hl); try assumption.
      * assert (Hone : m = (1 + m')%nat); [| lia].
        apply (number_unique _ (fun z' => z' = z \/ (In z' zs /\ exists p, on z' D p)) _ _ Hm).
        -- apply number_disjoint_union; [| exact Hm' |].
           ++ apply (number_one _ z); [reflexivity | tauto].
           ++ intros z' [-> [Hzz _]]. apply (Hzs z Hzz), same_line_refl.
        -- intros z'. simpl. split.
           ++ intros [[<- | H] H']; tauto.
           ++ intros [-> | H]; tauto.
      * intros z' p Hz' [Dp Hp] Hp'. apply Hcross; [exact Dp |].
        assert (0 < through zs p)%nat by (apply through_positive; exists z'; tauto).
        rewrite through_cons, (proj2 (vanishes_iff z p) Hp). lia.
    + replace m with m'.
      2: { apply (number_unique _ _ _ _ Hm' Hm). intros z'. simpl. split; [tauto |].
           intros [[<- | H] H']; tauto. }
      assert (Hnone : filter (fun p => vanishes z p && (0 <? through zs p)) l = []).
      { clear - Hmiss Hin. induction l as [| p l IH]; [reflexivity |]. simpl.
        destruct (vanishes z p) eqn:E; [| apply IH; intros; apply Hin; simpl; tauto].
        apply vanishes_iff in E. exfalso. apply Hmiss. exists p.
        split; [apply Hin; simpl; tauto | exact E]. }
      rewrite Hnone, Nat.add_0_r, <- IH'.
      apply (missing_line D z zs); try assumption.
      intros p Dp H0. apply Hmiss. exists p. split; assumption.
Qed.

(** Regions of any arrangement: [n] different lines have exactly [1 + n + sum (m_p - 1)] regions,
    where the sum runs over the crossings [p], [l] lists these, and [m_p] lines pass through [p]. *)
(* Mutant, each crossing counts once: `through zs p - 1` becomes `1` *)
(* Mutant, a function may be constant: `different_lines zs` becomes `True` *)
Theorem any_arrangement (zs : list affine) (l : list point) (k : nat) :
  different_lines zs -> NoDup l -> (forall p, In p l <-> (2 <= through zs p)%nat) ->
  regions zs k -> k = (1 + length zs + list_sum (map (fun p => through zs p - 1) l))%nat.
Proof.
  intros HL Hl Hall Hk.
  apply (regions_in_box plane zs l (length zs) k plane_open plane_convex); try assumption.
  - exists (0, 0). exact I.
  - intros p. rewrite Hall. unfold plane. tauto.
  - exists zs. split; [| split; [| reflexivity]].
    + clear - HL. induction zs as [| z zs IH]; constructor; apply different_lines_cons in HL.
      * intros H. destruct HL as (_ & Hz & _). apply (Hz z H), same_line_refl.
      * apply IH, HL.
    + intros z. split; [| tauto]. intros Hin. split; [exact Hin |].
      destruct (line_point z) as (p & Hp); [apply HL, Hin |]. exists p. split; [exact I | exact Hp].
Qed.

(** There are finitely many crossings, so such a list exists. *)
Lemma crossings_listed (D : point -> Prop) (zs : list affine) :
  different_lines zs ->
  exists l, NoDup l /\ forall p, In p l <-> D p /\ (2 <= through zs p)%nat.
Proof.
  intros HL.
  assert (Hlist : exists l, forall p, (2 <= through zs p)%nat -> In p l).
  { induction zs as [| z zs IH]; [exists []; cbn; lia |].
    apply different_lines_cons in HL. destruct HL as (Hz & Hzs & HL).
    destruct (IH HL) as (l & Hl).
    assert (Hz' : exists l', forall p, value z p = 0 -> (0 < through zs p)%nat -> In p l').
    { clear - Hz Hzs. induction zs as [| z' zs IH]; [exists []; cbn; lia |].
      destruct IH as (l' & Hl'); [intros; apply Hzs; simpl; tauto |].
      destruct (Hzs z') as [Hz' Hne]; [simpl; tauto |].
      destruct (classic (exists q, value z q = 0 /\ value z' q = 0)) as [(q & Hq & Hq') | Hno].
      - destruct (crossing_lines z z' q Hz Hz' Hne Hq Hq') as [_ Huniq].
        exists (q :: l'). intros p Hp Ht. rewrite through_cons in Ht.
        destruct (vanishes z' p) eqn:E; [left | right; apply Hl'; [exact Hp | exact Ht]].
        apply vanishes_iff in E. symmetry. exact (Huniq p Hp E).
      - exists l'. intros p Hp Ht. rewrite through_cons in Ht.
        destruct (vanishes z' p) eqn:E; [exfalso | apply Hl'; [exact Hp | exact Ht]].
        apply vanishes_iff in E. apply Hno. exists p. tauto. }
    destruct Hz' as (l' & Hl'). exists (l ++ l'). intros p Ht. apply in_app_iff.
    rewrite through_cons in Ht. destruct (vanishes z p) eqn:E; [| left; apply Hl, Ht].
    right. apply vanishes_iff in E. apply Hl'; [exact E | lia]. }
  destruct Hlist as (l & Hl).
  destruct (finite_part l (fun p => D p /\ (2 <= through zs p)%nat)) as (l' & Hl' & Hin).
  exists l'. split; [exact Hl' |]. intros p. rewrite Hin. split; [tauto |].
  intros H. split; [apply Hl |]; tauto.
Qed.

(** ** The tangents of a parabola *)

(** The tangent of the parabola [y = x ^ 2] at [x = i] is [y - 2 i x + i ^ 2 = 0]. *)
Definition tangent (i : nat) : affine := Affine (- 2 * INR i) 1 (INR i ^ 2).

Definition tangents (n : nat) : list affine := map tangent (seq 1 n).

(** The point lies below the tangent at [i]. *)
Definition below (p : point) (i : nat) : Prop := value (tangent i) p < 0.

(** Within [1, ..., n] the set [N] is empty or consists of the numbers from some [a] to some [b]. *)
Definition interval (n : nat) (N : nat -> Prop) : Prop :=
  ((forall i, 1 <= i <= n -> ~ N i) \/
   exists a b, 1 <= a /\ a <= b /\ b <= n /\ forall i, 1 <= i <= n -> (N i <-> a <= i <= b))%nat.

Lemma value_tangent (i : nat) (p : point) :
  value (tangent i) p = snd p - 2 * INR i * fst p + INR i ^ 2.
Proof. unfold value, tangent. simpl. ring. Qed.

Lemma in_tangents (n : nat) (z : affine) :
  In z (tangents n) <-> exists i, (1 <= i <= n)%nat /\ z = tangent i.
Proof.
  unfold tangents. rewrite in_map_iff. split.
  - intros (i & <- & Hi). apply in_seq in Hi. exists i. split; [lia | reflexivity].
  - intros (i & Hi & ->). exists i. split; [reflexivity | apply in_seq; lia].
Qed.

Lemma tangents_length (n : nat) : length (tangents n) = n.
Proof. unfold tangents. rewrite map_length. apply seq_length. Qed.

(** A set of numbers that contains all between any two of its members is an interval. *)
Lemma consecutive_interval (n : nat) (N : nat -> Prop) :
  (forall a i b, a <= i <= b -> N a -> N b -> N i)%nat -> interval n N.
Proof.
  intros H. induction n as [| n IH]; [left; intros; lia |].
  destruct (classic (N (S n))) as [HS | HS].
  - right. destruct IH as [Hnone | (a & b & Ha & Hab & Hb & Hin)].
    + exists (S n), (S n). repeat (split; [lia |]). intros i Hi. split.
      * intros Hi'. destruct (le_lt_dec i n) as [Hle | Hlt]; [| lia].
        exfalso. apply (Hnone i); [lia | exact Hi'].
      * intros Hi'. replace i with (S n) by lia. exact HS.
    + exists a, (S n). repeat (split; [lia |]). intros i Hi. split.
      * intros Hi'. split; [| lia].
        destruct (le_lt_dec i n) as [Hle | Hlt]; [apply Hin; [lia | exact Hi'] | lia].
      * intros Hi'. apply (H a i (S n)); [lia | apply Hin; lia | exact HS].
  - destruct IH as [Hnone | (a & b & Ha & Hab & Hb & Hin)]; [left | right].
    + intros i Hi. destruct (le_lt_dec i n) as [Hle | Hlt]; [apply Hnone; lia |].
      replace i with (S n) by lia. exact HS.
    + exists a, b. repeat (split; [lia |]). intros i Hi.
      destruct (le_lt_dec i n) as [Hle | Hlt]; [apply Hin; lia |].
      replace i with (S n) by lia. split; [contradiction | lia].
Qed.

(** The tangents that a point lies below form an interval. *)
(* Mutant, the tangents that it lies above: `below p` becomes `fun i => 0 < value (tangent i) p` *)
Theorem below_is_interval (n : nat) (p : point) : interval n (below p).
Proof.
  apply consecutive_interval. unfold below. intros a i b Hi. rewrite !value_tangent.
  assert (Ha : INR a <= INR i) by (apply le_INR; lia).
  assert (Hb : INR i <= INR b) by (apply le_INR; lia).
  set (x := fst p). set (y := snd p). intros Hfa Hfb.
  assert (Hcomb : (INR b - INR a) * (y - 2 * INR i * x + INR i ^ 2)
    = (INR b - INR i) * (y - 2 * INR a * x + INR a ^ 2)
    + (INR i - INR a) * (y - 2 * INR b * x + INR b ^ 2)
    - (INR b - INR i) * (INR i - INR a) * (INR b - INR a)) by ring.
  destruct (Req_dec (INR a) (INR i)) as [E | Hne]; [rewrite <- E; exact Hfa |].
  assert (Hprod : 0 <= (INR b - INR i) * (INR i - INR a) * (INR b - INR a)).
  { repeat apply Rmult_le_pos; lra. }
  nra.
Qed.

(** Every interval is the set of tangents that some point lies below, and this point can be chosen
    on none of the tangents. *)
(* Mutant, any set of numbers: `interval n N` becomes `interval n N \/ n = 3%nat` *)
Theorem every_interval_occurs (n : nat) (N : nat -> Prop) :
  interval n N ->
  exists p, without_lines plane (tangents n) p /\
    forall i, (1 <= i <= n)%nat -> (below p i <-> N i).
Proof.
  unfold below. intros [Hnone | (a & b & Ha & Hab & Hb & Hin)].
  - assert (H : forall i, 0 < value (tangent i) (0, 1)).
    { intros i. rewrite value_tangent. simpl. nra. }
    exists (0, 1). split; [split; [exact I |] |].
    + intros z Hz. apply in_tangents in Hz. destruct Hz as (i & _ & ->). specialize (H i). lra.
    + intros i Hi. specialize (H i). specialize (Hnone i Hi). split; [lra | tauto].
  - set (x := (INR a + INR b) / 2). set (r := (INR b - INR a + 1) / 2).
    assert (Hvalue : forall i, value (tangent i) (x, x ^ 2 - r ^ 2)
              = (INR i - INR a + / 2) * (INR i - INR b - / 2)).
    { intros i. rewrite value_tangent. unfold x, r. simpl fst. simpl snd. field. }
    assert (H : forall i,
      ((a <= i <= b)%nat -> value (tangent i) (x, x ^ 2 - r ^ 2) < 0) /\
      (~ (a <= i <= b)%nat -> 0 < value (tangent i) (x, x ^ 2 - r ^ 2))).
    { apply le_INR in Hab. intros i. rewrite Hvalue. split.
      - intros [Hai Hib]. apply le_INR in Hai, Hib. nra.
      - intros Hout. assert (Hcase : (S i <= a \/ S b <= i)%nat) by lia.
        destruct Hcase as [Hlt | Hlt]; apply le_INR in Hlt; rewrite S_INR in Hlt; nra. }
    exists (x, x ^ 2 - r ^ 2). split; [split; [exact I |] |].
    + intros z Hz. apply in_tangents in Hz. destruct Hz as (i & _ & ->).
      destruct (H i) as [Hn Hp].
      destruct (classic (a <= i <= b)%nat) as [Hi | Hi]; [apply Hn in Hi | apply Hp in Hi]; lra.
    + intros i Hi. rewrite (Hin i Hi). destruct (H i) as [Hn Hp]. split; [| exact Hn].
      intros Hneg. apply NNPP. intros Hout. apply Hp in Hout. lra.
Qed.

(** Two points on none of the tangents lie in the same region if and only if they lie below the same
    tangents. *)
(* Mutant, the last tangent is forgotten: `1 <= i <= n` becomes `1 <= i < n` *)
Theorem same_region_same_interval (n : nat) (p q : point) :
  without_lines plane (tangents n) p -> without_lines plane (tangents n) q ->
  same_component (without_lines plane (tangents n)) p q <->
  forall i, (1 <= i <= n)%nat -> (below p i <-> below q i).
Proof.
  intros Hp Hq. rewrite components_are_cells; [| apply plane_convex | exact Hp | exact Hq].
  assert (Hsign : forall i r, (1 <= i <= n)%nat -> without_lines plane (tangents n) r ->
            (below r i <-> plus (value (tangent i) r) = false)).
  { intros i r Hi [_ Hr]. unfold below, plus.
    assert (value (tangent i) r <> 0) by (apply Hr, in_tangents; exists i; tauto).
    destruct (Rlt_dec 0 (value (tangent i) r)); split; intros; try discriminate; try lra; tauto. }
  split.
  - intros Heq i Hi. rewrite (Hsign i p Hi Hp), (Hsign i q Hi Hq).
    enough (plus (value (tangent i) p) = plus (value (tangent i) q)) as -> by tauto.
    apply (ext_in_map Heq), in_tangents. exists i. tauto.
  - intros H. apply map_ext_in. intros z Hz. apply in_tangents in Hz. destruct Hz as (i & Hi & ->).
    specialize (H i Hi). rewrite (Hsign i p Hi Hp), (Hsign i q Hi Hq) in H.
    destruct (plus (value (tangent i) p)), (plus (value (tangent i) q)); try reflexivity;
      exfalso; destruct H; intuition discriminate.
Qed.

(** In signs: a sign vector is realised by the tangents if and only if the places where it is minus
    form an interval. *)
(* Mutant, the places where it is plus: `s true = false` becomes `s true = true` *)
(* Mutant, nothing about the length: `length s = n` becomes `True` *)
Theorem tangents_realise_intervals (n : nat) (s : list bool) :
  realised (tangents n) s <->
  length s = n /\ interval n (fun i => nth (i - 1) s true = false).
Proof.
  pose proof (tangents_length n) as Hlen.
  assert (Hnth : forall i, (1 <= i <= n)%nat -> nth (i - 1) (tangents n) zero = tangent i).
  { intros i Hi. unfold tangents.
    rewrite (nth_indep _ zero (tangent 0)) by (rewrite map_length, seq_length; lia).
    rewrite map_nth, seq_nth by lia. f_equal. lia. }
  assert (Hminus : forall p, has_signs (tangents n) p s -> forall i, (1 <= i <= n)%nat ->
            (below p i <-> nth (i - 1) s true = false)).
  { intros p Hp i Hi. unfold below.
    pose proof (has_signs_nth _ p s (i - 1) zero Hp) as H. rewrite Hnth in H by lia.
    pose proof (has_signs_length _ p s Hp) as Hs.
    rewrite (nth_indep s true false) by lia.
    destruct (nth (i - 1) s false); specialize (H ltac:(lia)); simpl in H;
      split; intros; try discriminate; try reflexivity; lra. }
  split.
  - intros (p & _ & Hp). split; [rewrite <- Hlen; exact (has_signs_length _ p s Hp) |].
    destruct (below_is_interval n p) as [Hnone | (a & b & Ha & Hab & Hb & Hin)]; [left | right].
    + intros i Hi. rewrite <- (Hminus p Hp i Hi). apply Hnone, Hi.
    + exists a, b. repeat (split; [assumption |]). intros i Hi.
      rewrite <- (Hminus p Hp i Hi). apply Hin, Hi.
  - intros [Hs Hint]. destruct (every_interval_occurs n _ Hint) as (p & Hoff & Hiff).
    exists p. split; [exact I |].
    assert (Hp : has_signs (tangents n) p (signs (tangents n) p)) by (apply has_signs_signs, Hoff).
    replace s with (signs (tangents n) p); [exact Hp |].
    pose proof (has_signs_length _ p _ Hp) as Hs'.
    apply (nth_ext _ _ true true); [lia |]. intros j Hj.
    specialize (Hiff (S j) ltac:(lia)).
    pose proof (has_signs_nth _ p _ j zero Hp ltac:(lia)) as H.
    rewrite (nth_indep _ true false) by exact Hj.
    specialize (Hnth (S j) ltac:(lia)). simpl in Hiff, Hnth. rewrite Nat.sub_0_r in Hiff, Hnth.
    rewrite Hnth in H. unfold below in Hiff.
    destruct (nth j (signs (tangents n) p) false), (nth j s true); simpl in H; try reflexivity.
    + assert (value (tangent (S j)) p < 0) by tauto. lra.
    + assert (true = false) by tauto. discriminate.
Qed.

(** For every [n] there are [n] lines in general position: the tangents. *)
(* Mutant, one tangent twice: `(tangents n).` becomes `(tangent 1 :: tangents n).` *)
Theorem tangents_general_position (n : nat) : general_position (tangents n).
Proof.
  pose proof (tangents_length n) as Hlen.
  assert (Hnth : forall i, (i < n)%nat -> nth i (tangents n) zero = tangent (S i)).
  { intros i Hi. unfold tangents.
    rewrite (nth_indep _ zero (tangent 0)) by (rewrite map_length, seq_length; lia).
    rewrite map_nth, seq_nth by lia. reflexivity. }
  unfold general_position. rewrite Hlen. split; [| split].
  - intros i Hi. rewrite Hnth by lia. unfold is_line. simpl. lra.
  - intros i j Hij. rewrite !Hnth by lia. unfold not_parallel, tangent. cbn [slope_x slope_y].
    assert (INR (S i) < INR (S j)) by (apply lt_INR; lia). intros H0. lra.
  - intros i j k Hijk p. rewrite !Hnth by lia. unfold common_point. rewrite !value_tangent.
    assert (INR (S i) < INR (S j)) by (apply lt_INR; lia).
    assert (INR (S j) < INR (S k)) by (apply lt_INR; lia).
    set (x := fst p). set (y := snd p). intros (H1 & H2 & H3).
    assert (H12 : (INR (S j) - INR (S i)) * (INR (S i) + INR (S j) - 2 * x) = 0).
    { transitivity ((y - 2 * INR (S j) * x + INR (S j) ^ 2)
                    - (y - 2 * INR (S i) * x + INR (S i) ^ 2)); [ring |].
      rewrite H1, H2. ring. }
    assert (H23 : (INR (S k) - INR (S j)) * (INR (S j) + INR (S k) - 2 * x) = 0).
    { transitivity ((y - 2 * INR (S k) * x + INR (S k) ^ 2)
                    - (y - 2 * INR (S j) * x + INR (S j) ^ 2)); [ring |].
      rewrite H2, H3. ring. }
    apply Rmult_integral in H12, H23. lra.
Qed.

(** So the tangents have exactly [n (n + 1) / 2 + 1] regions, the largest number. *)
(* Mutant, without the region of the empty interval: `/ 2 + 1)` becomes `/ 2)` *)
Theorem tangents_attain (n : nat) :
  components (without_lines plane (tangents n)) (n * (n + 1) / 2 + 1).
Proof.
  apply regions_are_components; [apply plane_convex |].
  destruct (regions_exist plane (tangents n)) as (k & Hk).
  destruct (steiner (tangents n) k Hk) as [_ Hiff].
  replace (length (tangents n)) with n in Hiff
    by (unfold tangents; rewrite map_length, seq_length; reflexivity).
  rewrite <- (proj2 Hiff (tangents_general_position n)). exact Hk.
Qed.

(** ** Networks with one hidden layer *)

Definition relu (t : R) : R := Rmax 0 t.

Definition sum (l : list R) : R := fold_right Rplus 0 l.

(** A hidden neuron: its output weight and its pre-activation. *)
Notation neuron := (R * affine)%type.

Definition shallow (c : R) (neurons : list neuron) (p : point) : R :=
  c + sum (map (fun n => fst n * relu (value (snd n) p)) neurons).

(** Near the point [p], the function [f] is affine. *)
Definition affine_near (f : point -> R) (p : point) : Prop :=
  exists (a : affine) (e : R), 0 < e /\ forall q, near e p q -> f q = value a q.

(** The linear regions are the components of the set of points near which [f] is affine.  (The
    chapter builds them of activation regions; they then lack the points on those lines across which
    the gradient does not jump, which changes no number; see [joined_regions_of_folds].) *)
Definition linear_regions (f : point -> R) (k : nat) : Prop := components (affine_near f) k.

Definition plus_affine (a b : affine) : affine :=
  Affine (slope_x a + slope_x b) (slope_y a + slope_y b) (offset a + offset b).

Lemma value_plus (a b : affine) (p : point) : value (plus_affine a b) p = value a p + value b p.
Proof. unfold value, plus_affine. simpl. ring. Qed.

Lemma value_constant (t : R) (p : point) : value (Affine 0 0 t) p = t.
Proof. unfold value. simpl. ring. Qed.

Lemma relu_pos (t : R) : 0 < t -> relu t = t.
Proof. intros H. unfold relu. apply Rmax_right. lra. Qed.

Lemma relu_neg (t : R) : t < 0 -> relu t = 0.
Proof. intros H. unfold relu. apply Rmax_left. lra. Qed.

Lemma relu_abs (t : R) : relu t = / 2 * t + / 2 * Rabs t.
Proof.
  unfold relu, Rmax. destruct (Rle_dec 0 t).
  - rewrite Rabs_pos_eq by lra. lra.
  - rewrite Rabs_left by lra. lra.
Qed.

(** The affine function of an activation region: the sum over the neurons that are on. *)
Definition piece (c : R) (neurons : list neuron) (s : list bool) : affine :=
  fold_right plus_affine (Affine 0 0 c)
    (map (fun ns => if snd ns : bool then scale (fst (fst ns)) (snd (fst ns)) else zero)
         (combine neurons s)).

(** On each activation region, the points where given neurons are on and the others off, the network
    is affine, and its gradient is the sum over those that are on. *)
(* Mutant, the bias of the output is dropped: `(piece c neurons s)` becomes `(piece 0 neurons s)` *)
(* Mutant, another pattern: `has_signs (map snd neurons) p s` becomes `length s = length neurons` *)
Theorem affine_on_activation_region (c : R) (neurons : list neuron) (s : list bool) (p : point) :
  has_signs (map snd neurons) p s -> shallow c neurons p = value (piece c neurons s) p.
Proof.
  unfold shallow, piece. revert s.
  induction neurons as [| [v z] neurons IH]; intros s Hs; inversion Hs; subst; simpl.
  - rewrite value_constant. ring.
  - rewrite value_plus, <- IH by assumption. destruct y; simpl in *.
    + rewrite value_scale, relu_pos by assumption. ring.
    + unfold zero. rewrite value_constant, relu_neg by assumption. ring.
Qed.

(** *** Where a network folds *)

(** [L] lists the lines of the neurons, each once. *)
Definition lists_lines (L : list affine) (neurons : list neuron) : Prop :=
  different_lines L /\
  forall v z, In (v, z) neurons -> is_line z -> exists g, In g L /\ same_line z g.

Lemma affine_eq_dec (a b : affine) : {a = b} + {a <> b}.
Proof. decide equality; apply Req_EM_T. Qed.

(** If [z = t g], then this [t]. *)
Definition ratio (z g : affine) : R :=
  (slope_x z * slope_x g + slope_y z * slope_y g) / (slope_x g ^ 2 + slope_y g ^ 2).

(** The absolute value of [t] if [z = t g]; zero if [z] is not a multiple of [g]. *)
Definition factor (z g : affine) : R :=
  if affine_eq_dec z (scale (ratio z g) g) then Rabs (ratio z g) else 0.

(** What decides the fate of the line of [g]: the sum of [v |t|] over the neurons on it. *)
Definition kappa (neurons : list neuron) (g : affine) : R :=
  sum (map (fun n => fst n * factor (snd n) g) neurons).

Lemma ratio_scale (t : R) (g : affine) : is_line g -> ratio (scale t g) g = t.
Proof.
  intros Hg. unfold ratio, scale, is_line in *. simpl. field.
  intros H. apply Hg. split; nra.
Qed.

Lemma factor_scale (t : R) (g : affine) : is_line g -> factor (scale t g) g = Rabs t.
Proof.
  intros Hg. unfold factor. rewrite (ratio_scale t g Hg).
  destruct (affine_eq_dec (scale t g) (scale t g)); [reflexivity | contradiction].
Qed.

Lemma factor_other (z g : affine) : ~ same_line z g -> factor z g = 0.
Proof.
  intros H. unfold factor.
  destruct (affine_eq_dec z (scale (ratio z g) g)) as [E | E]; [| reflexivity].
  destruct (Req_dec (ratio z g) 0) as [-> | Hr]; [apply Rabs_R0 |].
  exfalso. apply H. exists (ratio z g). tauto.
Qed.

Lemma same_line_is_line (z g : affine) : same_line z g -> is_line g -> is_line z.
Proof.
  intros (t & Ht & ->) Hg [Hx Hy]. apply Hg. simpl in *.
  apply Rmult_integral in Hx, Hy. tauto.
Qed.

Lemma sum_ext {T : Type} (f g : T -> R) (l : list T) :
  (forall x, In x l -> f x = g x) -> sum (map f l) = sum (map g l).
Proof. intros H. f_equal. apply map_ext_in, H. Qed.

Lemma sum_zero {T : Type} (f : T -> R) (l : list T) :
  (forall x, In x l -> f x = 0) -> sum (map f l) = 0.
Proof.
  intros H. induction l as [| x l IH]; simpl; [reflexivity |].
  rewrite (H x), IH; simpl; [ring | |]; intros; try apply H; simpl; tauto.
Qed.

Lemma sum_linear {T : Type} (r : R) (f g : T -> R) (l : list T) :
  sum (map (fun x => r * f x + g x) l) = r * sum (map f l) + sum (map g l).
Proof. induction l as [| x l IH]; simpl; [ring | rewrite IH; ring]. Qed.

(** The lines share out the absolute value of a neuron: all of it goes to its line. *)
Lemma share_of_line (L : list affine) (z : affine) (p : point) :
  different_lines L -> (exists g, In g L /\ same_line z g) ->
  sum (map (fun g => factor z g * Rabs (value g p)) L) = Rabs (value z p).
Proof.
  intros [Hlines Hpairs]. induction Hpairs as [| h L Hh Hpairs IH]; [intros (g & [] & _) |].
  intros (g & [<- | Hg] & Hzg); simpl.
  - rewrite sum_zero.
    + destruct Hzg as (t & Ht & ->). rewrite factor_scale by (apply Hlines; simpl; tauto).
      rewrite value_scale, Rabs_mult. ring.
    + intros g Hg. rewrite factor_other; [ring |]. intros Hz.
      rewrite Forall_forall in Hh. apply (Hh g Hg).
      apply (same_line_trans h z g); [apply same_line_sym, Hzg | exact Hz].
  - rewrite IH; [| intros; apply Hlines; simpl; tauto | exists g; tauto].
    rewrite factor_other; [ring |]. intros Hz.
    rewrite Forall_forall in Hh. apply (Hh g Hg).
    apply (same_line_trans h z g); [apply same_line_sym, Hz | exact Hzg].
Qed.

(** Where a shallow network folds, (a): it is an affine function plus half the sum of
    [kappa |g|] over its lines. *)
(* Mutant, without the factor one half: `/ 2 * sum` becomes `sum` *)
(* Mutant, some lines are missing: `lists_lines L neurons` becomes `different_lines L` *)
Theorem folds_sum (c : R) (neurons : list neuron) (L : list affine) :
  lists_lines L neurons ->
  exists a, forall p,
    shallow c neurons p
    = value a p + / 2 * sum (map (fun g => kappa neurons g * Rabs (value g p)) L).
Proof.
  unfold shallow. intros [HL Hcover]. induction neurons as [| [v z] neurons IH].
  - exists (Affine 0 0 c). intros p. rewrite value_constant.
    rewrite (sum_zero (fun g => kappa [] g * Rabs (value g p))); [simpl; ring |].
    intros g _. unfold kappa. simpl. ring.
  - destruct IH as (a & Ha); [intros v' z' H; apply (Hcover v'); simpl; tauto |].
    assert (Hkappa : forall p,
      sum (map (fun g => kappa ((v, z) :: neurons) g * Rabs (value g p)) L)
      = v * sum (map (fun g => factor z g * Rabs (value g p)) L)
        + sum (map (fun g => kappa neurons g * Rabs (value g p)) L)).
    { intros p. rewrite <- sum_linear. apply sum_ext. intros g _. unfold kappa. simpl. ring. }
    destruct (classic (is_line z)) as [Hz | Hz].
    + (* relu t = (t + |t|) / 2 *)
      exists (plus_affine a (scale (v / 2) z)). intros p.
      rewrite Hkappa, share_of_line by first [exact HL | apply (Hcover v z); simpl; tauto].
      specialize (Ha p). simpl. rewrite value_plus, value_scale, relu_abs.
      transitivity (c + sum (map (fun n => fst n * relu (value (snd n) p)) neurons)
                    + v * (/ 2 * value z p + / 2 * Rabs (value z p))); [ring |].
      rewrite Ha. field.
    + (* a neuron without a line is constant *)
      exists (plus_affine a (Affine 0 0 (v * relu (offset z)))). intros p.
      rewrite Hkappa, (sum_zero (fun g => factor z g * Rabs (value g p))).
      * specialize (Ha p). simpl. rewrite value_plus, value_constant.
        replace (value z p) with (offset z).
        2: { apply NNPP in Hz. destruct Hz as [Hx Hy]. unfold value. rewrite Hx, Hy. ring. }
        transitivity (c + sum (map (fun n => fst n * relu (value (snd n) p)) neurons)
                      + v * relu (offset z)); [ring |].
        rewrite Ha. ring.
      * intros g Hg. rewrite factor_other; [ring |]. intros Hzg. apply Hz.
        apply (same_line_is_line z g Hzg), HL, Hg.
Qed.

(** Off the lines of [zs], a sum of multiples of their absolute values is affine. *)
Lemma sum_abs_affine (f : affine -> R) (L : list affine) (s : list bool) :
  exists a, forall q, has_signs L q s -> sum (map (fun g => f g * Rabs (value g q)) L) = value a q.
Proof.
  revert s. induction L as [| g L IH]; intros s.
  - exists zero. intros q _. unfold zero. rewrite value_constant. reflexivity.
  - destruct s as [| c s]; [exists zero; intros q H; inversion H |].
    destruct (IH s) as (a & Ha).
    exists (plus_affine (scale (f g * if c then 1 else -1) g) a). intros q H.
    inversion_clear H as [| ? ? ? ? Hc Hs]. simpl. rewrite value_plus, value_scale, (Ha q Hs).
    destruct c; simpl in Hc; [rewrite Rabs_pos_eq by lra | rewrite Rabs_left by lra]; ring.
Qed.

(** (b): near a point of the line of [g] that lies on no other line, the network is affine on either
    side, and on the way to the side where [g] is positive its gradient jumps by
    [kappa] times that of [g]. *)
(* Mutant, half the jump: `kappa neurons g * slope_x g` becomes `kappa neurons g / 2 * slope_x g` *)
(* Mutant, a point where lines cross: `value h p = 0 -> h = g` becomes `value h p = 0 -> In h L` *)
Theorem fold_jump (c : R) (neurons : list neuron) (L : list affine) (g : affine) (p : point) :
  lists_lines L neurons -> In g L -> value g p = 0 ->
  (forall h, In h L -> value h p = 0 -> h = g) ->
  exists a b e, 0 < e /\
    slope_x b = slope_x a + kappa neurons g * slope_x g /\
    slope_y b = slope_y a + kappa neurons g * slope_y g /\
    forall q, near e p q ->
      (value g q < 0 -> shallow c neurons q = value a q) /\
      (0 < value g q -> shallow c neurons q = value b q).
Proof.
  intros HL Hg Hp Honly.
  destruct (folds_sum c neurons L HL) as (a0 & Ha0).
  assert (HL' : exists L', (forall h, In h L' <-> In h L /\ ~ same_line h g) /\ forall q,
    sum (map (fun h => kappa neurons h * Rabs (value h q)) L)
    = kappa neurons g * Rabs (value g q)
      + sum (map (fun h => kappa neurons h * Rabs (value h q)) L')).
  { destruct HL as [[Hlines Hpairs] _]. clear - Hlines Hpairs Hg.
    induction Hpairs as [| h L Hh Hpairs IH]; [contradiction |].
    rewrite Forall_forall in Hh. destruct Hg as [<- | Hg].
    - exists L. simpl. split; [| reflexivity]. intros h'. split.
      + intros H. split; [tauto |]. intros H'. apply (Hh h' H), same_line_sym, H'.
      + intros [[<- | H] H']; [| exact H]. exfalso. apply H', same_line_refl.
    - destruct IH as (L' & HL' & Hsum); [intros; apply Hlines; simpl; tauto | exact Hg |].
      exists (h :: L'). split; [| intros q; simpl; rewrite Hsum; ring].
      intros h'. simpl. rewrite HL'. split.
      + intros [<- | Hh']; [split; [tauto | apply Hh, Hg] | tauto].
      + tauto. }
  destruct HL' as (L' & HinL' & Hsum).
  assert (Hsigns : has_signs L' p (signs L' p)).
  { apply has_signs_signs. intros h Hh H0. apply HinL' in Hh. destruct Hh as [Hh Hne].
    apply Hne. rewrite (Honly h Hh H0). apply same_line_refl. }
  destruct (has_signs_open L' (signs L' p) p Hsigns) as (e & He & Hnear).
  destruct (sum_abs_affine (kappa neurons) L' (signs L' p)) as (a1 & Ha1).
  set (a := plus_affine (plus_affine a0 (scale (/ 2) a1)) (scale (- kappa neurons g / 2) g)).
  set (b := plus_affine (plus_affine a0 (scale (/ 2) a1)) (scale (kappa neurons g / 2) g)).
  exists a, b, e. split; [exact He |].
  split; [unfold a, b; simpl; field |]. split; [unfold a, b; simpl; field |].
  intros q Hq. specialize (Hnear q Hq). unfold a, b. split; intros Hgq;
    rewrite Ha0, Hsum, (Ha1 q Hnear), !value_plus, !value_scale.
  - rewrite Rabs_left by exact Hgq. field.
  - rewrite Rabs_pos_eq by lra. field.
Qed.

Lemma filter_all_true {T : Type} (f : T -> bool) (l : list T) :
  (forall x, In x l -> f x = true) -> filter f l = l.
Proof.
  intros H. induction l as [| x l IH]; simpl; [reflexivity |].
  rewrite (H x), IH; [reflexivity | |]; intros; try apply H; simpl; tauto.
Qed.

Lemma filter_length_le {T : Type} (f : T -> bool) (l : list T) :
  (length (filter f l) <= length l)%nat.
Proof. induction l as [| x l IH]; simpl; [lia | destruct (f x); simpl; lia]. Qed.

Lemma filter_length_same {T : Type} (f : T -> bool) (l : list T) :
  (length l <= length (filter f l))%nat -> filter f l = l.
Proof.
  induction l as [| x l IH]; simpl; [reflexivity |].
  pose proof (filter_length_le f l).
  destruct (f x); simpl; intros H'; [f_equal; apply IH; lia | lia].
Qed.

(** The lines across which the gradient jumps. *)
Definition folding_lines (neurons : list neuron) (L : list affine) : list affine :=
  filter (fun g => if Req_EM_T (kappa neurons g) 0 then false else true) L.

Lemma in_folding_lines (neurons : list neuron) (L : list affine) (g : affine) :
  In g (folding_lines neurons L) <-> In g L /\ kappa neurons g <> 0.
Proof.
  unfold folding_lines. rewrite filter_In.
  destruct (Req_EM_T (kappa neurons g) 0); split; intros [H H0]; try discriminate; tauto.
Qed.

Lemma sum_of_folding_lines (neurons : list neuron) (L : list affine) (p : point) :
  sum (map (fun g => kappa neurons g * Rabs (value g p)) L)
  = sum (map (fun g => kappa neurons g * Rabs (value g p)) (folding_lines neurons L)).
Proof.
  unfold folding_lines. induction L as [| g L IH]; simpl; [reflexivity |].
  rewrite IH. destruct (Req_EM_T (kappa neurons g) 0) as [-> | Hg]; simpl; ring.
Qed.

Lemma near_open (p : point) (e : R) : open (near e p).
Proof.
  intros q [Hx Hy].
  exists (Rmin (e - Rabs (fst q - fst p)) (e - Rabs (snd q - snd p))).
  split; [apply Rmin_glb_lt; lra |]. intros r [Hrx Hry].
  pose proof (Rmin_l (e - Rabs (fst q - fst p)) (e - Rabs (snd q - snd p))).
  pose proof (Rmin_r (e - Rabs (fst q - fst p)) (e - Rabs (snd q - snd p))).
  split.
  - replace (fst r - fst p) with ((fst r - fst q) + (fst q - fst p)) by ring.
    eapply Rle_lt_trans; [apply Rabs_triang | lra].
  - replace (snd r - snd p) with ((snd r - snd q) + (snd q - snd p)) by ring.
    eapply Rle_lt_trans; [apply Rabs_triang | lra].
Qed.

Lemma near_self (p : point) (e : R) : 0 < e -> near e p p.
Proof. intros He. split; rewrite Rminus_eq_0, Rabs_R0; exact He. Qed.

(** A small step along a line leaves all the other lines. *)
Lemma small_step (L : list affine) (p u : point) :
  (forall h, In h L -> value h p <> 0 \/ along h u <> 0) ->
  exists e, 0 < e /\ forall t, 0 < t < e -> forall h, In h L -> value h (shift p t u) <> 0.
Proof.
  induction L as [| h L IH]; intros H; [exists 1; split; [lra | intros t _ h []] |].
  destruct IH as (e & He & HL); [intros h' Hh'; apply H; simpl; tauto |].
  assert (Hd : exists d, 0 < d /\ forall t, 0 < t < d -> value h (shift p t u) <> 0).
  { destruct (Req_dec (value h p) 0) as [H0 | H0].
    - exists 1. split; [lra |]. intros t Ht. rewrite value_shift, H0, Rplus_0_l.
      destruct (H h) as [Hh | Hh]; [simpl; tauto | contradiction |].
      apply Rmult_integral_contrapositive. split; [lra | exact Hh].
    - destruct (open_moves _ u (has_sign_open h (plus (value h p))) p (plus_sign _ H0))
        as (d & Hd & Hmove).
      exists d. split; [exact Hd |]. intros t Ht.
      assert (Hs : has_sign (plus (value h p)) (value h (shift p t u))).
      { apply Hmove. rewrite Rabs_pos_eq; lra. }
      destruct (plus (value h p)); simpl in Hs; lra. }
  destruct Hd as (d & Hd & Hh). exists (Rmin d e). split; [apply Rmin_glb_lt; assumption |].
  intros t [Ht0 Ht] h' [<- | Hh'].
  - apply Hh. split; [exact Ht0 |]. eapply Rlt_le_trans; [exact Ht | apply Rmin_l].
  - apply HL; [| exact Hh']. split; [exact Ht0 |]. eapply Rlt_le_trans; [exact Ht | apply Rmin_r].
Qed.

(** Two affine functions that agree for a while on the way from [p] in the direction [u] grow alike
    in this direction. *)
Lemma same_growth (a b : affine) (p u : point) (e : R) :
  0 < e -> (forall t, 0 < t < e -> value a (shift p t u) = value b (shift p t u)) ->
  along a u = along b u.
Proof.
  intros He H. pose proof (H (e / 2) ltac:(lra)) as H1. pose proof (H (e / 4) ltac:(lra)) as H2.
  rewrite !value_shift in H1, H2.
  apply (Rmult_eq_reg_l (e / 4)); [lra | lra].
Qed.

(** On a line across which the gradient jumps, the network is nowhere affine. *)
Lemma fold_not_affine (c : R) (neurons : list neuron) (L : list affine) (g : affine) (p : point) :
  lists_lines L neurons -> In g L -> kappa neurons g <> 0 -> value g p = 0 ->
  ~ affine_near (shallow c neurons) p.
Proof.
  intros HL Hg Hk Hp (a & e & He & Ha).
  assert (Hline : is_line g) by (apply HL, Hg).
  (* a point nearby on the line and on no other line *)
  set (u := (slope_y g, - slope_x g)).
  assert (Hother : exists d, 0 < d /\ forall t, 0 < t < d ->
            forall h, In h L -> value h (shift p t u) = 0 -> h = g).
  { set (others := filter (fun h => if affine_eq_dec h g then false else true) L).
    destruct (small_step others p u) as (d & Hd & Hstep).
    - intros h Hh. apply filter_In in Hh. destruct Hh as [Hh Hne].
      destruct (affine_eq_dec h g) as [| Hhg]; [discriminate |].
      destruct (Req_dec (value h p) 0) as [H0 | H0]; [right | left; exact H0].
      intros Hu. apply Hhg. destruct HL as [[Hlines Hpairs] _].
      assert (Hsame : same_line h g).
      { apply (same_line_direction g h p); try assumption. apply Hlines, Hh. }
      destruct (ForallOrdPairs_In Hpairs h g Hh Hg) as [H | [H | H]]; [exact H | contradiction |].
      apply same_line_sym in Hsame. contradiction.
    - exists d. split; [exact Hd |]. intros t Ht h Hh H0. apply NNPP. intros Hne.
      apply (Hstep t Ht h); [| exact H0]. apply filter_In. split; [exact Hh |].
      destruct (affine_eq_dec h g); [contradiction | reflexivity]. }
  destruct Hother as (d & Hd & Hother).
  destruct (open_moves _ u (near_open p e) p (near_self p e He)) as (d' & Hd' & Hnear).
  set (t := Rmin d d' / 2).
  assert (Ht : 0 < t < d /\ t < d').
  { pose proof (Rmin_l d d'). pose proof (Rmin_r d d').
    pose proof (Rmin_glb_lt d d' 0 Hd Hd'). unfold t. lra. }
  set (p' := shift p t u).
  assert (Hp' : value g p' = 0).
  { unfold p', u. rewrite value_shift, Hp. unfold along. simpl. ring. }
  destruct (fold_jump c neurons L g p' HL Hg Hp' (Hother t (proj1 Ht)))
    as (b1 & b2 & e' & He' & Hx & Hy & Hboth).
  (* from there the network grows alike on both sides of the line, and yet it does not *)
  set (w := (slope_x g, slope_y g)). set (w' := (- slope_x g, - slope_y g)).
  assert (Hw : 0 < along g w).
  { unfold along, w. simpl. unfold is_line in Hline. nra. }
  assert (Hsmall : forall v : point, exists r, 0 < r /\ forall s, Rabs s < r ->
            near e p (shift p' s v) /\ near e' p' (shift p' s v)).
  { intros v.
    apply (open_moves _ v (open_and _ _ (near_open p e) (near_open p' e')) p').
    split; [| apply near_self, He']. apply Hnear. rewrite Rabs_pos_eq; lra. }
  assert (H2 : along b2 w = along a w).
  { destruct (Hsmall w) as (r & Hr & Hs). apply (same_growth _ _ p' w r Hr). intros s Hsr.
    destruct (Hs s) as [H1 H1']; [rewrite Rabs_pos_eq; lra |].
    rewrite <- (Ha _ H1). symmetry. apply (Hboth _ H1'). rewrite value_shift, Hp'. nra. }
  assert (H1 : along b1 w' = along a w').
  { destruct (Hsmall w') as (r & Hr & Hs). apply (same_growth _ _ p' w' r Hr). intros s Hsr.
    destruct (Hs s) as [H1 H1']; [rewrite Rabs_pos_eq; lra |].
    rewrite <- (Ha _ H1). symmetry. apply (Hboth _ H1'). rewrite value_shift, Hp'.
    replace (along g w') with (- along g w) by (unfold along, w, w'; simpl; ring). nra. }
  unfold along, w, w' in H1, H2, Hw. simpl in H1, H2, Hw. rewrite Hx, Hy in H2.
  assert (Hzero : kappa neurons g * (slope_x g * slope_x g + slope_y g * slope_y g) = 0) by lra.
  apply Rmult_integral in Hzero. lra.
Qed.

(** The network is affine near a point if and only if the point lies on no folding line. *)
Lemma affine_off_folds (c : R) (neurons : list neuron) (L : list affine) (p : point) :
  lists_lines L neurons ->
  affine_near (shallow c neurons) p <-> without_lines plane (folding_lines neurons L) p.
Proof.
  intros HL. split.
  - intros H. split; [exact I |]. intros g Hg H0. apply in_folding_lines in Hg.
    apply (fold_not_affine c neurons L g p); tauto.
  - intros [_ Hoff].
    destruct (folds_sum c neurons L HL) as (a & Ha).
    set (s := signs (folding_lines neurons L) p).
    destruct (has_signs_open _ s p (has_signs_signs _ p Hoff)) as (e & He & Hnear).
    destruct (sum_abs_affine (kappa neurons) (folding_lines neurons L) s) as (a1 & Ha1).
    exists (plus_affine a (scale (/ 2) a1)), e. split; [exact He |]. intros q Hq.
    rewrite Ha, sum_of_folding_lines, (Ha1 q (Hnear q Hq)), value_plus, value_scale. reflexivity.
Qed.

Lemma components_ext (X Y : point -> Prop) (k : nat) :
  (forall p, X p <-> Y p) -> components X k -> components Y k.
Proof.
  intros H.
  assert (Hsame : forall p q, same_component X p q <-> same_component Y p q).
  { intros p q. split; intros (S & HS & Hin & Hpq); exists S; firstorder. }
  intros (l & Hlen & Hin & Hpairs & Hall). exists l. split; [exact Hlen |].
  split; [intros p Hp; apply H, Hin, Hp |]. split.
  - clear - Hpairs Hsame. induction Hpairs as [| p l Hp Hpairs IH]; constructor; [| exact IH].
    rewrite Forall_forall in *. intros q Hq. rewrite <- Hsame. apply Hp, Hq.
  - intros p Hp. apply H in Hp. destruct (Hall p Hp) as (q & Hq & Hpq).
    exists q. split; [exact Hq | apply Hsame, Hpq].
Qed.

(** (c): the linear regions are the regions of the lines across which the gradient jumps. *)
(* Mutant, all lines of neurons count: `(folding_lines neurons L)` becomes `L` *)
(* Mutant, some lines of neurons are missing: `lists_lines L neurons` becomes `different_lines L` *)
Theorem linear_regions_of_folds (c : R) (neurons : list neuron) (L : list affine) (k : nat) :
  lists_lines L neurons ->
  linear_regions (shallow c neurons) k <-> regions (folding_lines neurons L) k.
Proof.
  intros HL. unfold regions. rewrite <- (regions_are_components plane _ k plane_convex).
  unfold linear_regions.
  split; apply components_ext; intros p; rewrite (affine_off_folds c neurons L p HL); tauto.
Qed.

(** *** Linear regions, built of activation regions *)

(** The chapter builds linear regions of activation regions, and this comes to the same.  Two of
    these are neighbours if their closures share a segment of positive length. *)
Definition closure (S : point -> Prop) (p : point) : Prop :=
  forall e, 0 < e -> exists q, near e p q /\ S q.

Definition neighbours (P Q : point -> Prop) : Prop :=
  exists p q, p <> q /\ forall t, 0 <= t <= 1 ->
    closure P (between p q t) /\ closure Q (between p q t).

(** On both sets [f] is given by one and the same affine function. *)
Definition same_map (f : point -> R) (P Q : point -> Prop) : Prop :=
  exists a, forall p, P p \/ Q p -> f p = value a p.

(** The activation region of a point: all points with the same signs. *)
Definition region_of (L : list affine) (p : point) : point -> Prop := cell plane L (signs L p).

(** Activation regions belong to one linear region if a chain of neighbours leads from one to the
    other, on all of which [f] is given by the same affine function. *)
Inductive joined (f : point -> R) (L : list affine) : point -> point -> Prop :=
  | joined_here (p q : point) : region_of L p q -> joined f L p q
  | joined_next (p q r : point) :
      without_lines plane L q -> neighbours (region_of L p) (region_of L q) ->
      same_map f (region_of L p) (region_of L q) -> joined f L q r -> joined f L p r.

(** The members of a list but one. *)
Definition others (g : affine) (L : list affine) : list affine :=
  filter (fun h => if affine_eq_dec h g then false else true) L.

Lemma in_others (g h : affine) (L : list affine) : In h (others g L) <-> In h L /\ h <> g.
Proof. unfold others. rewrite filter_In. destruct (affine_eq_dec h g); intuition congruence. Qed.

Lemma region_signs (L : list affine) (p q : point) :
  region_of L p q <->
  without_lines plane L q /\ forall h, In h L -> plus (value h q) = plus (value h p).
Proof.
  split.
  - intros [_ H]. split; [split; [exact I | exact (has_signs_off L q _ H)] |].
    apply signs_unique in H. unfold signs in H. intros h Hh. symmetry.
    revert h Hh. apply ext_in_map, H.
  - intros [[_ Hoff] H]. split; [exact I |].
    replace (signs L p) with (signs L q); [apply has_signs_signs, Hoff |].
    apply map_ext_in, H.
Qed.

(** Affine functions that agree on an open set have the same gradient. *)
Lemma affine_agree (U : point -> Prop) (p : point) (a b : affine) :
  open U -> U p -> (forall q, U q -> value a q = value b q) ->
  slope_x a = slope_x b /\ slope_y a = slope_y b.
Proof.
  intros HU Hp H.
  assert (Halong : forall u, along a u = along b u).
  { intros u. destruct (open_moves U u HU p Hp) as (e & He & Hmove).
    apply (same_growth a b p u e He). intros t Ht. apply H, Hmove.
    rewrite Rabs_pos_eq; lra. }
  pose proof (Halong (1, 0)) as H1. pose proof (Halong (0, 1)) as H2.
  unfold along in H1, H2. simpl in H1, H2. split; lra.
Qed.

Lemma plus_cases (t : R) : t <> 0 -> (plus t = true /\ 0 < t) \/ (plus t = false /\ t < 0).
Proof.
  intros H. unfold plus. destruct (Rlt_dec 0 t); [left | right]; split; try reflexivity; lra.
Qed.

(** On the closure of a region no function of the list has the opposite sign. *)
Lemma closure_sign (L : list affine) (p q : point) (g : affine) :
  In g L -> without_lines plane L p -> closure (region_of L p) q -> 0 <= value g p * value g q.
Proof.
  intros Hg [_ Hp] Hq. specialize (Hp g Hg).
  destruct (Rle_lt_dec 0 (value g p * value g q)) as [H | H]; [exact H | exfalso].
  assert (Hq0 : value g q <> 0) by nra.
  destruct (has_sign_open g (plus (value g q)) q (plus_sign _ Hq0)) as (e & He & Hnear).
  destruct (Hq e He) as (r & Hr & Hreg). apply Hnear in Hr. apply region_signs in Hreg.
  destruct Hreg as [_ Hreg]. specialize (Hreg g Hg). apply sign_plus in Hr.
  destruct (plus_cases _ Hp) as [[E ?] | [E ?]], (plus_cases _ Hq0) as [[E' ?] | [E' ?]];
    try nra; congruence.
Qed.

(** Neighbours that [g] separates share a point of its line that lies on no other line. *)
Lemma shared_point (L : list affine) (p q : point) (g : affine) :
  different_lines L -> In g L -> without_lines plane L p -> without_lines plane L q ->
  value g p * value g q < 0 -> neighbours (region_of L p) (region_of L q) ->
  exists r, closure (region_of L p) r /\ closure (region_of L q) r /\ value g r = 0 /\
    forall h, In h L -> value h r = 0 -> h = g.
Proof.
  intros HL Hg Hp Hq Hsep (x & y & Hxy & Hseg).
  assert (Hon : forall t, 0 <= t <= 1 -> value g (between x y t) = 0).
  { intros t Ht. destruct (Hseg t Ht) as [H1 H2].
    apply (closure_sign L p _ g Hg Hp) in H1. apply (closure_sign L q _ g Hg Hq) in H2.
    set (v := value g (between x y t)) in *. pose proof (Rmult_le_pos _ _ H1 H2) as H.
    apply NNPP. intros Hv. assert (0 < v * v) by nra. nra. }
  assert (Hx : value g x = 0).
  { specialize (Hon 0 ltac:(lra)). rewrite value_between in Hon. lra. }
  assert (Hy : value g y = 0).
  { specialize (Hon 1 ltac:(lra)). rewrite value_between in Hon. lra. }
  destruct (small_step (others g L) x (fst y - fst x, snd y - snd x)) as (d & Hd & Hstep).
  { intros h Hh. apply in_others in Hh. destruct Hh as [Hh Hhg].
    destruct (Req_dec (value h x) 0) as [H0 | H0]; [right | left; exact H0]. intros Hu.
    destruct HL as [Hlines Hpairs].
    assert (Hsame : ~ same_line g h).
    { destruct (ForallOrdPairs_In Hpairs h g Hh Hg) as [H | [H | H]]; [contradiction | | exact H].
      intros H'. apply H, same_line_sym, H'. }
    destruct (crossing_lines g h x) as [_ Honly]; auto.
    apply Hxy. symmetry. apply Honly; [exact Hy |].
    unfold along, value in *. simpl in Hu. lra. }
  set (t := Rmin d 1 / 2).
  assert (Ht : 0 < t < d /\ t <= 1).
  { pose proof (Rmin_l d 1). pose proof (Rmin_r d 1). pose proof (Rmin_glb_lt d 1 0 Hd ltac:(lra)).
    unfold t. lra. }
  exists (between x y t).
  destruct (Hseg t ltac:(lra)) as [H1 H2]. repeat split; try assumption; [apply Hon; lra |].
  intros h Hh H0. apply NNPP. intros Hne. apply (Hstep t (proj1 Ht) h).
  - apply in_others. tauto.
  - rewrite <- H0. unfold shift, between, value. simpl. ring.
Qed.

(** Neighbours with the same affine function lie on one side of each folding line. *)
Lemma step_keeps_folds (c : R) (neurons : list neuron) (L : list affine) (p q : point)
  (g : affine) :
  lists_lines L neurons -> In g L -> kappa neurons g <> 0 ->
  without_lines plane L p -> without_lines plane L q -> value g p < 0 -> 0 < value g q ->
  neighbours (region_of L p) (region_of L q) ->
  ~ same_map (shallow c neurons) (region_of L p) (region_of L q).
Proof.
  intros HL Hg Hk Hp Hq Hgp Hgq Hn (m & Hm).
  destruct (shared_point L p q g (proj1 HL) Hg Hp Hq ltac:(nra) Hn) as (r & Cp & Cq & Hr & Honly).
  destruct (fold_jump c neurons L g r HL Hg Hr Honly) as (a & b & e & He & Hx & Hy & Hboth).
  assert (Hside : forall (o : point) (z : affine), without_lines plane L o ->
            closure (region_of L o) r ->
            (forall q', region_of L o q' -> shallow c neurons q' = value m q') ->
            (forall q', near e r q' -> region_of L o q' -> shallow c neurons q' = value z q') ->
            slope_x m = slope_x z /\ slope_y m = slope_y z).
  { intros o z Ho Hc H1 H2. destruct (Hc e He) as (r' & Hr' & Hreg).
    apply (affine_agree (fun q' => near e r q' /\ region_of L o q') r'); [| tauto |].
    - apply open_and; [apply near_open |].
      apply open_and; [apply plane_open | apply has_signs_open].
    - intros q' [Hq1 Hq2]. rewrite <- H1, <- H2; auto. }
  destruct (Hside p a Hp Cp) as [Ax Ay]; [intros; apply Hm; tauto | |].
  { intros q' Hn' Hreg. apply (Hboth q' Hn'). apply region_signs in Hreg.
    destruct Hreg as [[_ Hoff] Hs]. specialize (Hs g Hg). specialize (Hoff g Hg).
    destruct (plus_cases _ Hoff) as [[E ?] | [E ?]]; [| assumption].
    unfold plus in Hs, E. destruct (Rlt_dec 0 (value g p)); [lra | congruence]. }
  destruct (Hside q b Hq Cq) as [Bx By]; [intros; apply Hm; tauto | |].
  { intros q' Hn' Hreg. apply (Hboth q' Hn'). apply region_signs in Hreg.
    destruct Hreg as [[_ Hoff] Hs]. specialize (Hs g Hg). specialize (Hoff g Hg).
    destruct (plus_cases _ Hoff) as [[E ?] | [E ?]]; [assumption |].
    unfold plus in Hs, E. destruct (Rlt_dec 0 (value g q)); [congruence | lra]. }
  assert (Hline : is_line g) by (apply HL, Hg). apply Hline.
  split; apply (Rmult_eq_reg_l (kappa neurons g)); try exact Hk; lra.
Qed.

(** Near a point [r] all functions but [g] have the signs that they have at [p]; so the points of
    the line of [g] there lie in the closure of the region of [p]. *)
Lemma closure_near (L : list affine) (g : affine) (p r : point) (e : R) (x : point) :
  different_lines L -> In g L -> without_lines plane L p -> near e r x -> value g x = 0 ->
  (forall y, near e r y -> forall h, In h L -> h <> g ->
     value h y <> 0 /\ plus (value h y) = plus (value h p)) ->
  closure (region_of L p) x.
Proof.
  intros [Hlines _] Hg [_ Hp] Hx Hgx Hothers d Hd. specialize (Hp g Hg).
  set (k := if plus (value g p) then 1 else -1).
  set (u := (k * slope_x g, k * slope_y g)).
  destruct (open_moves _ u (open_and _ _ (near_open r e) (near_open x d)) x
              (conj Hx (near_self x d Hd))) as (w & Hw & Hmove).
  destruct (Hmove (w / 2)) as [Hr Hxd]; [rewrite Rabs_pos_eq; lra |].
  exists (shift x (w / 2) u). split; [exact Hxd |]. apply region_signs.
  assert (Hnorm : 0 < slope_x g * slope_x g + slope_y g * slope_y g).
  { specialize (Hlines g Hg). unfold is_line in Hlines. nra. }
  assert (Hv : value g (shift x (w / 2) u)
               = w / 2 * k * (slope_x g * slope_x g + slope_y g * slope_y g)).
  { rewrite value_shift, Hgx. unfold along, u. simpl. ring. }
  assert (Hk : value g (shift x (w / 2) u) <> 0
               /\ plus (value g (shift x (w / 2) u)) = plus (value g p)).
  { rewrite Hv. unfold k. destruct (plus (value g p)).
    - assert (0 < w / 2 * 1 * (slope_x g * slope_x g + slope_y g * slope_y g)) by nra.
      split; [lra |]. symmetry. apply (sign_plus true). exact H.
    - assert (w / 2 * -1 * (slope_x g * slope_x g + slope_y g * slope_y g) < 0) by nra.
      split; [lra |]. symmetry. apply (sign_plus false). exact H. }
  assert (Hall : forall h, In h L -> value h (shift x (w / 2) u) <> 0
                 /\ plus (value h (shift x (w / 2) u)) = plus (value h p)).
  { intros h Hh. destruct (classic (h = g)) as [-> | Hne]; [exact Hk | apply Hothers; assumption]. }
  split; [split; [exact I |] |]; intros h Hh; apply Hall, Hh.
Qed.

(** So two regions are neighbours if some point of the line of [g] has the signs of both on all
    other lines. *)
Lemma neighbours_across (L : list affine) (g : affine) (p q r : point) :
  different_lines L -> In g L -> without_lines plane L p -> without_lines plane L q ->
  value g r = 0 ->
  (forall h, In h L -> h <> g -> value h r <> 0 /\ plus (value h r) = plus (value h p)
     /\ plus (value h r) = plus (value h q)) ->
  neighbours (region_of L p) (region_of L q).
Proof.
  intros HL Hg Hp Hq Hgr Hothers.
  assert (Hball : exists e, 0 < e /\ forall y, near e r y -> forall h, In h L -> h <> g ->
            value h y <> 0 /\ plus (value h y) = plus (value h r)).
  { destruct (has_signs_open (others g L) (signs (others g L) r) r) as (e & He & Hnear).
    { apply has_signs_signs. intros h Hh. apply in_others in Hh. apply Hothers; tauto. }
    exists e. split; [exact He |]. intros y Hy h Hh Hne. specialize (Hnear y Hy).
    split; [apply (has_signs_off (others g L) y _ Hnear), in_others; tauto |].
    apply signs_unique in Hnear. symmetry.
    apply (ext_in_map Hnear h), in_others. tauto. }
  destruct Hball as (e & He & Hball).
  set (u := (slope_y g, - slope_x g)).
  destruct (open_moves _ u (near_open r e) r (near_self r e He)) as (d & Hd & Hmove).
  exists r, (shift r (d / 2) u). split.
  - intros H. destruct HL as [Hlines _]. apply (Hlines g Hg).
    apply (f_equal fst) in H as H1. apply (f_equal snd) in H as H2.
    unfold shift, u in H1, H2. simpl in H1, H2. split; nra.
  - intros t Ht.
    assert (Heq : between r (shift r (d / 2) u) t = shift r (t * (d / 2)) u).
    { unfold between, shift. simpl. f_equal; ring. }
    rewrite Heq.
    assert (Hx : near e r (shift r (t * (d / 2)) u)).
    { apply Hmove. rewrite Rabs_pos_eq; nra. }
    assert (Hgx : value g (shift r (t * (d / 2)) u) = 0).
    { rewrite value_shift, Hgr. unfold along, u. simpl. ring. }
    split; apply (closure_near L g _ r e); try assumption; intros y Hy h Hh Hne;
      destruct (Hball y Hy h Hh Hne) as [H1 H2]; destruct (Hothers h Hh Hne) as (_ & H3 & H4);
      split; congruence.
Qed.

(** On regions on the same sides of all folding lines the network is one affine function. *)
Lemma same_map_off_folds (c : R) (neurons : list neuron) (L : list affine) (p q : point) :
  lists_lines L neurons ->
  signs (folding_lines neurons L) p = signs (folding_lines neurons L) q ->
  same_map (shallow c neurons) (region_of L p) (region_of L q).
Proof.
  intros HL Hpq. set (F := folding_lines neurons L) in *.
  destruct (folds_sum c neurons L HL) as (a & Ha).
  destruct (sum_abs_affine (kappa neurons) F (signs F p)) as (a1 & Ha1).
  assert (Hsub : forall o r, region_of L o r -> has_signs F r (signs F o)).
  { intros o r Hr. apply region_signs in Hr. destruct Hr as [[_ Hoff] Hs].
    replace (signs F o) with (signs F r).
    - apply has_signs_signs. intros h Hh. apply Hoff. apply in_folding_lines in Hh. tauto.
    - apply map_ext_in. intros h Hh. apply Hs. apply in_folding_lines in Hh. tauto. }
  exists (plus_affine a (scale (/ 2) a1)). intros r Hr.
  rewrite Ha, sum_of_folding_lines, value_plus, value_scale. fold F.
  rewrite (Ha1 r); [reflexivity |].
  destruct Hr as [Hr | Hr]; [| rewrite Hpq]; apply Hsub, Hr.
Qed.

(** An open set is not covered by finitely many lines. *)
Lemma point_off_lines (U : point -> Prop) (zs : list affine) (p : point) :
  open U -> U p -> (forall z, In z zs -> is_line z) ->
  exists q, U q /\ forall z, In z zs -> value z q <> 0.
Proof.
  intros HU Hp. induction zs as [| z zs IH]; intros Hz.
  { exists p. split; [exact Hp | intros z []]. }
  destruct IH as (q & Uq & Hq); [intros z' Hz'; apply Hz; simpl; tauto |].
  assert (Hline : is_line z) by (apply Hz; simpl; tauto).
  set (u := (slope_x z, slope_y z)).
  assert (Hu : 0 < along z u).
  { unfold along, u. simpl. unfold is_line in Hline. nra. }
  destruct (open_moves _ u (open_and _ _ HU (has_signs_open zs (signs zs q))) q
              (conj Uq (has_signs_signs zs q Hq))) as (e & He & Hmove).
  destruct (small_step [z] q u) as (d & Hd & Hstep).
  { intros h [<- | []]. right. lra. }
  set (t := Rmin e d / 2).
  assert (Ht : 0 < t < e /\ t < d).
  { pose proof (Rmin_l e d). pose proof (Rmin_r e d). pose proof (Rmin_glb_lt e d 0 He Hd).
    unfold t. lra. }
  exists (shift q t u). destruct (Hmove t) as [H1 H2]; [rewrite Rabs_pos_eq; lra |].
  split; [exact H1 |]. intros z' [<- | Hz'].
  - apply (Hstep t); [lra | simpl; tauto].
  - exact (has_signs_off zs _ _ H2 z' Hz').
Qed.

(** A list that is not empty has a member with the smallest value. *)
Lemma least {T : Type} (f : T -> R) (l : list T) :
  l <> [] -> exists x, In x l /\ forall y, In y l -> f x <= f y.
Proof.
  induction l as [| x l IH]; [congruence | intros _].
  destruct l as [| x' l']; [exists x; split; [simpl; tauto | intros y [<- | []]; lra] |].
  destruct IH as (m & Hm & Hmin); [congruence |].
  destruct (Rle_lt_dec (f x) (f m)) as [H | H].
  - exists x. split; [simpl; tauto |]. intros y [<- | Hy]; [lra |].
    specialize (Hmin y Hy). lra.
  - exists m. split; [simpl in *; tauto |]. intros y [<- | Hy]; [lra | apply Hmin, Hy].
Qed.

(** Two points on different sides of some line: on the way from [p] to a point of the region of [q],
    chosen such that no two lines are crossed at once, [g] is crossed first, in [r], and [q'] lies
    right behind it. *)
Lemma first_crossing (L : list affine) (p q : point) :
  different_lines L -> without_lines plane L p -> without_lines plane L q ->
  (exists h, In h L /\ plus (value h p) <> plus (value h q)) ->
  exists g r q', In g L /\ plus (value g p) <> plus (value g q) /\ value g r = 0 /\
    without_lines plane L q' /\ plus (value g q') = plus (value g q) /\
    forall h, In h L -> h <> g -> value h r <> 0 /\ plus (value h r) = plus (value h p)
      /\ plus (value h r) = plus (value h q').
Proof.
  intros HL Hp Hq Hsome.
  (* where two lines are crossed at once *)
  set (at_once := fun g h => plus_affine (scale (value g p) h) (scale (- value h p) g)).
  set (zs := flat_map (fun g => map (at_once g) (others g L)) L).
  assert (Hzs : forall g h, In g L -> In h L -> h <> g -> In (at_once g h) zs).
  { intros g h Hg Hh Hne. apply in_flat_map. exists g. split; [exact Hg |].
    apply in_map, in_others. tauto. }
  assert (Hlines : forall z, In z zs -> is_line z).
  { intros z Hz. apply in_flat_map in Hz. destruct Hz as (g & Hg & Hz). apply in_map_iff in Hz.
    destruct Hz as (h & <- & Hh). apply in_others in Hh. destruct Hh as [Hh Hhg].
    pose proof (proj2 Hp g Hg) as Pg. pose proof (proj2 Hp h Hh) as Ph.
    intros [Hx Hy].
    assert (Hp0 : value (at_once g h) p = 0).
    { unfold at_once. rewrite value_plus, !value_scale. ring. }
    assert (Ho : offset (at_once g h) = 0).
    { unfold value in Hp0. rewrite Hx, Hy in Hp0. lra. }
    unfold at_once in Hx, Hy, Ho. simpl in Hx, Hy, Ho.
    assert (Hdiv : forall s t, value g p * s + - value h p * t = 0 ->
              value h p / value g p * t = s).
    { intros s t H. apply (Rmult_eq_reg_l (value g p)); [| exact Pg].
      field_simplify; [lra | exact Pg]. }
    assert (Hsame : same_line h g).
    { exists (value h p / value g p). split.
      - apply Rmult_integral_contrapositive. split; [exact Ph | apply Rinv_neq_0_compat, Pg].
      - unfold scale. rewrite (Hdiv _ _ Hx), (Hdiv _ _ Hy), (Hdiv _ _ Ho).
        destruct h. reflexivity. }
    destruct HL as [_ Hpairs].
    destruct (ForallOrdPairs_In Hpairs h g Hh Hg) as [H | [H | H]];
      [contradiction | contradiction |].
    apply H, same_line_sym, Hsame. }
  destruct (point_off_lines (region_of L q) zs q) as (q0 & Hq0 & Honce); [| | exact Hlines |].
  { apply open_and; [apply plane_open | apply has_signs_open]. }
  { apply region_signs. split; [exact Hq | reflexivity]. }
  apply region_signs in Hq0. destruct Hq0 as [Hq0 Hsame].
  (* the first line *)
  set (time := fun h => value h p / (value h p - value h q0)).
  set (crossed := filter (fun h => negb (Bool.eqb (plus (value h p)) (plus (value h q)))) L).
  assert (Hcrossed : forall h, In h crossed <-> In h L /\ plus (value h p) <> plus (value h q)).
  { intros h. unfold crossed. rewrite filter_In.
    destruct (plus (value h p)), (plus (value h q)); simpl; intuition congruence. }
  destruct (least time crossed) as (g & Hg & Hleast).
  { intros H. destruct Hsome as (h & Hh). apply Hcrossed in Hh. rewrite H in Hh. exact Hh. }
  apply Hcrossed in Hg. destruct Hg as [Hg Hsep].
  assert (Hopp : forall h, In h L -> plus (value h p) <> plus (value h q) ->
            (value h q0 < 0 < value h p \/ value h p < 0 < value h q0)).
  { intros h Hh Hne. rewrite <- (Hsame h Hh) in Hne.
    destruct (plus_cases _ (proj2 Hp h Hh)) as [[E ?] | [E ?]],
      (plus_cases _ (proj2 Hq0 h Hh)) as [[E' ?] | [E' ?]]; rewrite E, E' in Hne;
      (contradiction || tauto || (exfalso; apply Hne; reflexivity)). }
  set (r := between p q0 (time g)).
  assert (Hat : forall h, value h r = value h p - time g * (value h p - value h q0)).
  { intros h. unfold r. rewrite value_between. ring. }
  assert (Htime : forall h, In h L -> plus (value h p) <> plus (value h q) ->
            value h p = time h * (value h p - value h q0)).
  { intros h Hh Hne. destruct (Hopp h Hh Hne); unfold time; field; lra. }
  assert (Hgr : value g r = 0) by (rewrite Hat; pose proof (Htime g Hg Hsep); lra).
  assert (H01 : 0 <= time g <= 1).
  { pose proof (Htime g Hg Hsep). destruct (Hopp g Hg Hsep); split; nra. }
  assert (Hothers : forall h, In h L -> h <> g ->
            value h r <> 0 /\ plus (value h r) = plus (value h p)).
  { intros h Hh Hne. destruct (classic (plus (value h p) = plus (value h q))) as [Heq | Hsep'].
    - rewrite <- (Hsame h Hh) in Heq.
      assert (Hs : has_sign (plus (value h p)) (value h r)).
      { unfold r. rewrite value_between.
        apply has_sign_between; [apply plus_sign, Hp, Hh | | exact H01].
        rewrite Heq. apply plus_sign, Hq0, Hh. }
      split; [| symmetry; apply sign_plus, Hs]. destruct (plus (value h p)); simpl in Hs; lra.
    - assert (Hlt : time g < time h).
      { destruct (Hleast h) as [H | H]; [apply Hcrossed; tauto | exact H | exfalso].
        apply (Honce _ (Hzs g h Hg Hh Hne)). unfold at_once. rewrite value_plus, !value_scale.
        pose proof (Htime g Hg Hsep) as Eg. pose proof (Htime h Hh Hsep') as Eh. rewrite <- H in Eh.
        assert (Ht : time g <> 0) by (intros H0; apply (proj2 Hp g Hg); rewrite Eg, H0; ring).
        apply (Rmult_eq_reg_l (time g)); [| exact Ht].
        assert (Eg' : time g * value g q0 = (time g - 1) * value g p) by lra.
        assert (Eh' : time g * value h q0 = (time g - 1) * value h p) by lra.
        replace (time g * (value g p * value h q0 + - value h p * value g q0))
          with (value g p * (time g * value h q0) - value h p * (time g * value g q0)) by ring.
        rewrite Eg', Eh'. ring. }
      pose proof (Htime h Hh Hsep') as Eh. rewrite Hat.
      destruct (Hopp h Hh Hsep') as [[H1 H2] | [H1 H2]].
      + assert (0 < value h p - time g * (value h p - value h q0)) by nra.
        split; [lra |]. transitivity true; [symmetry; apply (sign_plus true); assumption |].
        apply (sign_plus true); exact H2.
      + assert (value h p - time g * (value h p - value h q0) < 0) by nra.
        split; [lra |]. transitivity false; [symmetry; apply (sign_plus false); assumption |].
        apply (sign_plus false); exact H1. }
  (* just behind it *)
  set (u := (fst q0 - fst p, snd q0 - snd p)). set (O := others g L).
  destruct (open_moves _ u (has_signs_open O (signs O r)) r) as (e & He & Hmove).
  { apply has_signs_signs. intros h Hh. apply in_others in Hh. apply Hothers; tauto. }
  set (q' := shift r (e / 2) u).
  assert (Hs : has_signs O q' (signs O r)) by (apply Hmove; rewrite Rabs_pos_eq; lra).
  assert (Hbehind : forall h, In h L -> h <> g ->
            value h q' <> 0 /\ plus (value h r) = plus (value h q')).
  { intros h Hh Hne. split; [apply (has_signs_off O q' _ Hs), in_others; tauto |].
    apply (ext_in_map (signs_unique O q' _ Hs) h), in_others. tauto. }
  assert (Hgq' : value g q' = e / 2 * (value g q0 - value g p)).
  { unfold q'. rewrite value_shift, Hgr. unfold along, u, value. simpl. ring. }
  assert (Hg' : value g q' <> 0 /\ plus (value g q') = plus (value g q)).
  { rewrite <- (Hsame g Hg). destruct (Hopp g Hg Hsep) as [[H1 H2] | [H1 H2]].
    - assert (value g q' < 0) by (rewrite Hgq'; nra). split; [lra |].
      transitivity false; [symmetry; apply (sign_plus false) | apply (sign_plus false)]; assumption.
    - assert (0 < value g q') by (rewrite Hgq'; nra). split; [lra |].
      transitivity true; [symmetry; apply (sign_plus true) | apply (sign_plus true)]; assumption. }
  exists g, r, q'. split; [exact Hg |]. split; [exact Hsep |]. split; [exact Hgr |]. split.
  - split; [exact I |]. intros h Hh. destruct (classic (h = g)) as [-> | Hne]; [apply Hg' |].
    apply Hbehind; assumption.
  - split; [apply Hg' |]. intros h Hh Hne.
    destruct (Hothers h Hh Hne). destruct (Hbehind h Hh Hne). tauto.
Qed.

(** (c) in the chapter's words: two activation regions belong to one linear region if and only if
    they lie in the same region of the lines across which the gradient jumps. *)
(* Mutant, all lines of neurons count: `(folding_lines neurons L)` becomes `L` *)
(* Mutant, some lines of neurons are missing: `lists_lines L neurons` becomes `different_lines L` *)
Theorem joined_regions_of_folds (c : R) (neurons : list neuron) (L : list affine) (p q : point) :
  lists_lines L neurons -> without_lines plane L p -> without_lines plane L q ->
  joined (shallow c neurons) L p q <->
  same_component (without_lines plane (folding_lines neurons L)) p q.
Proof.
  intros HL Hp Hq.
  assert (Hoff : forall r, without_lines plane L r ->
            without_lines plane (folding_lines neurons L) r).
  { intros r [_ Hr]. split; [exact I |]. intros g Hg. apply Hr.
    apply in_folding_lines in Hg. tauto. }
  rewrite (components_are_cells plane _ p q plane_convex (Hoff p Hp) (Hoff q Hq)). split.
  - intros H. apply map_ext_in. intros g Hg. apply in_folding_lines in Hg. destruct Hg as [Hg Hk].
    induction H as [p q H | p q r Hq' Hn Hmap _ IH].
    + apply region_signs in H. symmetry. apply H, Hg.
    + rewrite <- (IH Hq' Hq).
      destruct (plus_cases _ (proj2 Hp g Hg)) as [[-> P] | [-> P]],
        (plus_cases _ (proj2 Hq' g Hg)) as [[-> Q] | [-> Q]]; try reflexivity; exfalso.
      * apply (step_keeps_folds c neurons L q p g HL Hg Hk Hq' Hp Q P).
        -- destruct Hn as (x & y & Hxy & Hn). exists x, y. split; [exact Hxy |].
           intros t Ht. destruct (Hn t Ht). tauto.
        -- destruct Hmap as (a & Ha). exists a. intros x Hx. apply Ha. tauto.
      * exact (step_keeps_folds c neurons L p q g HL Hg Hk Hp Hq' P Q Hn Hmap).
  - intros Hpq.
    assert (Hbound : forall n l, (length l <= n)%nat ->
              forall p, without_lines plane L p ->
              signs (folding_lines neurons L) p = signs (folding_lines neurons L) q ->
              (forall h, In h L -> plus (value h p) <> plus (value h q) -> In h l) ->
              joined (shallow c neurons) L p q).
    { clear p Hp Hpq. induction n as [| n IH]; intros l Hl p Hp Hpq Hin;
        (destruct (classic (exists h, In h L /\ plus (value h p) <> plus (value h q)))
           as [Hsome | Hnone];
         [| apply joined_here, region_signs; split; [exact Hq |]; intros h Hh; apply NNPP; intros H;
            apply Hnone; exists h; split; [exact Hh | congruence]]).
      - destruct Hsome as (h & Hh & Hne). specialize (Hin h Hh Hne).
        destruct l; [contradiction | simpl in Hl; lia].
      - destruct (first_crossing L p q (proj1 HL) Hp Hq Hsome)
          as (g & r & q' & Hg & Hsep & Hgr & Hq' & Hgq' & Hothers).
        assert (Hfold : forall h, In h (folding_lines neurons L) -> In h L /\ h <> g).
        { intros h Hh. split; [apply in_folding_lines in Hh; tauto |]. intros ->.
          apply Hsep. exact (ext_in_map Hpq g Hh). }
        assert (Hpq' : signs (folding_lines neurons L) p = signs (folding_lines neurons L) q').
        { apply map_ext_in. intros h Hh. destruct (Hfold h Hh) as [HhL Hne].
          destruct (Hothers h HhL Hne) as (_ & H1 & H2). congruence. }
        apply (joined_next _ _ p q' q Hq').
        + apply (neighbours_across L g p q' r); try assumption. apply HL.
        + apply same_map_off_folds; assumption.
        + apply (IH (remove affine_eq_dec g l)); try assumption.
          * pose proof (remove_length_lt affine_eq_dec l g (Hin g Hg Hsep)). lia.
          * congruence.
          * intros h Hh Hne.
            assert (Hhg : h <> g) by (intros ->; contradiction).
            apply in_in_remove; [exact Hhg |]. apply Hin; [exact Hh |].
            destruct (Hothers h Hh Hhg) as (_ & H1 & H2). congruence. }
    apply (Hbound (length L) L); auto.
Qed.

(** *** The answer *)

(** The lines of the neurons can be listed; the list is as long as that of the neurons only if each
    has a line of its own. *)
Lemma lines_listed (neurons : list neuron) :
  exists L, lists_lines L neurons /\ (length L < length neurons \/ L = map snd neurons)%nat.
Proof.
  induction neurons as [| [v z] neurons (L & [HL Hcover] & Hlen)].
  - exists []. split; [| right; reflexivity].
    split; [split; [intros g [] | constructor] | intros v z []].
  - destruct (classic (is_line z /\ forall g, In g L -> ~ same_line z g)) as [[Hz Hnew] | Hold].
    + exists (z :: L). split; [split; [split |] |].
      * intros g [<- | Hg]; [exact Hz | apply HL, Hg].
      * constructor; [apply Forall_forall, Hnew | apply HL].
      * intros v' z' [[= <- <-] | H] Hz'.
        -- exists z. split; [simpl; tauto |]. apply same_line_refl.
        -- destruct (Hcover v' z' H Hz') as (g & Hg & Hsame). exists g. simpl. tauto.
      * simpl. destruct Hlen as [Hlen | ->]; [left; lia | right; reflexivity].
    + exists L. split; [split; [exact HL |] |].
      * intros v' z' [[= <- <-] | H] Hz'; [| apply (Hcover v'); assumption].
        apply NNPP. intros Hno. apply Hold. split; [exact Hz' |].
        intros g Hg Hsame. apply Hno. exists g. tauto.
      * left. simpl. destruct Hlen as [Hlen | ->]; [lia |].
        rewrite map_length. apply Nat.lt_succ_diag_r.
Qed.

(** A neuron with a line of its own folds the plane with its output weight. *)
Lemma kappa_alone (neurons : list neuron) (v : R) (z : affine) :
  different_lines (map snd neurons) -> In (v, z) neurons -> kappa neurons z = v.
Proof.
  unfold kappa. induction neurons as [| [v' z'] neurons IH]; intros [Hlines Hpairs] []; simpl.
  - injection H as -> ->. simpl in Hlines, Hpairs.
    rewrite sum_zero.
    + replace (factor z z) with 1; [ring |].
      assert (Hz : z = scale 1 z).
      { destruct z as [a b c]. unfold scale. simpl. f_equal; ring. }
      rewrite Hz at 1. rewrite factor_scale by (apply Hlines; simpl; tauto).
      symmetry. apply Rabs_R1.
    + intros [w g] Hg. simpl. rewrite factor_other; [ring |]. intros Hsame.
      inversion_clear Hpairs as [| ? ? Hz Hpairs']. rewrite Forall_forall in Hz.
      apply (Hz g); [apply (in_map snd _ _ Hg) | apply same_line_sym, Hsame].
  - simpl in Hlines, Hpairs. inversion_clear Hpairs as [| ? ? Hz Hpairs'].
    rewrite IH; [| split; [intros; apply Hlines; simpl; tauto | exact Hpairs'] | exact H].
    rewrite factor_other; [ring |]. rewrite Forall_forall in Hz.
    apply (Hz z), (in_map snd _ _ H).
Qed.

Lemma general_position_different (zs : list affine) : general_position zs -> different_lines zs.
Proof.
  induction zs as [| z zs IH]; intros H; [split; [intros g [] | constructor] |].
  apply general_position_cons in H. destruct H as (Hz & [Hcross _] & H). apply IH in H. split.
  - intros g [<- | Hg]; [exact Hz | apply H, Hg].
  - constructor; [| apply H]. apply Forall_forall. intros g Hg (t & _ & Hzg).
    destruct (In_nth zs g zero Hg) as (j & Hj & Hnth). specialize (Hcross j Hj).
    rewrite Hnth in Hcross. apply Hcross. rewrite Hzg. unfold scale. simpl. ring.
Qed.

Lemma max_regions_mono (m n : nat) : (m < n)%nat -> (max_regions m < max_regions n)%nat.
Proof. induction 1; rewrite max_regions_succ; lia. Qed.

(** Linear regions of a shallow network: with [n] hidden neurons there are at most
    [n (n + 1) / 2 + 1], and exactly that many if and only if all output weights are different from
    zero and the neurons have lines in general position. *)
(* Mutant, strictly fewer: `(k <= length` becomes `(k < length` *)
(* Mutant, output weights may vanish: `neurons -> v <> 0` becomes `neurons -> True` *)
Theorem max_linear_regions (c : R) (neurons : list neuron) (k : nat) :
  linear_regions (shallow c neurons) k ->
  (k <= length neurons * (length neurons + 1) / 2 + 1)%nat /\
  ((k = length neurons * (length neurons + 1) / 2 + 1)%nat <->
   (forall v z, In (v, z) neurons -> v <> 0) /\ general_position (map snd neurons)).
Proof.
  fold (max_regions (length neurons)). intros Hk.
  destruct (lines_listed neurons) as (L & HL & Hlen).
  pose proof (proj1 (linear_regions_of_folds c neurons L k HL) Hk) as Hregions.
  destruct (steiner _ k Hregions) as [Hle Hiff].
  set (F := folding_lines neurons L) in *.
  fold (max_regions (length F)) in Hle, Hiff.
  assert (HF : (length F <= length L)%nat) by apply filter_length_le.
  assert (HLn : (length L <= length neurons)%nat).
  { destruct Hlen as [Hlen | ->]; [lia | rewrite map_length; lia]. }
  assert (Hmono : (max_regions (length F) <= max_regions (length neurons))%nat).
  { destruct (Nat.eq_dec (length F) (length neurons)) as [-> | Hne]; [lia |].
    apply Nat.lt_le_incl, max_regions_mono. lia. }
  split; [lia |]. split.
  - intros Hmax.
    assert (HFn : length F = length neurons).
    { destruct (Nat.eq_dec (length F) (length neurons)) as [E | Hne]; [exact E |].
      assert (max_regions (length F) < max_regions (length neurons))%nat
        by (apply max_regions_mono; lia). lia. }
    assert (HFL : F = L).
    { apply filter_length_same. change (length L <= length F)%nat. lia. }
    destruct Hlen as [Hlen | ->]; [lia |]. split.
    + intros v z Hin.
      rewrite <- (kappa_alone neurons v z (proj1 HL) Hin).
      apply (in_folding_lines neurons (map snd neurons)). fold F. rewrite HFL.
      apply (in_map snd _ _ Hin).
    + rewrite <- HFL. apply Hiff. rewrite HFn. exact Hmax.
  - intros [Hv Hgp].
    assert (HL' : lists_lines (map snd neurons) neurons).
    { split; [apply general_position_different, Hgp |].
      intros v z Hin _. exists z. split; [apply (in_map snd _ _ Hin) |]. apply same_line_refl. }
    pose proof (proj1 (linear_regions_of_folds c neurons _ k HL') Hk) as Hregions'.
    replace (folding_lines neurons (map snd neurons)) with (map snd neurons) in Hregions'.
    + destruct (steiner _ k Hregions') as [_ Hiff'].
      rewrite map_length in Hiff'. apply Hiff', Hgp.
    + symmetry. apply filter_all_true. intros g Hg. apply in_map_iff in Hg.
      destruct Hg as ([v z] & <- & Hin). simpl.
      rewrite (kappa_alone neurons v z (proj1 HL') Hin).
      destruct (Req_EM_T v 0) as [H0 | _]; [exfalso; exact (Hv v z Hin H0) | reflexivity].
Qed.

(** Every network has a number of linear regions. *)
Lemma linear_regions_exist (c : R) (neurons : list neuron) :
  exists k, linear_regions (shallow c neurons) k.
Proof.
  destruct (lines_listed neurons) as (L & HL & _).
  destruct (regions_exist plane (folding_lines neurons L)) as (k & Hk). exists k.
  apply (linear_regions_of_folds c neurons L k HL), Hk.
Qed.

(** For every [n] such a network exists: its neurons are the tangents, with output weights one. *)
(* Mutant, the output weights are 0: `(1, z)` becomes `(0, z)` *)
(* Mutant, one region fewer: `/ 2 + 1)` becomes `/ 2)` *)
Theorem tangents_network (n : nat) :
  linear_regions (shallow 0 (map (fun z => (1, z)) (tangents n))) (n * (n + 1) / 2 + 1).
Proof.
  set (neurons := map _ (tangents n)).
  assert (Hsnd : map snd neurons = tangents n).
  { unfold neurons. rewrite map_map. apply map_id. }
  assert (Hlen : length neurons = n).
  { unfold neurons, tangents. rewrite !map_length. apply seq_length. }
  destruct (linear_regions_exist 0 neurons) as (k & Hk).
  destruct (max_linear_regions 0 neurons k Hk) as [_ Hiff]. rewrite Hlen in Hiff.
  replace (n * (n + 1) / 2 + 1)%nat with k; [exact Hk |].
  apply Hiff. split.
  - intros v z Hin. apply in_map_iff in Hin. destruct Hin as (z' & [= <- _] & _). lra.
  - rewrite Hsnd. apply tangents_general_position.
Qed.

(** One hidden layer of [n] ReLU neurons has at most [n (n + 1) / 2 + 1] activation patterns without
    a zero, and for some neurons it has as many. *)
(* Mutant, one pattern fewer: `(k <= n * (n + 1) / 2 + 1)` becomes `(k <= n * (n + 1) / 2)` *)
(* Mutant, all patterns occur: `neurons) (n * (n + 1) / 2 + 1)` becomes `neurons) (2 ^ n)` *)
Corollary activation_regions (n : nat) :
  (forall (neurons : list neuron) (k : nat),
     length neurons = n -> regions (map snd neurons) k -> (k <= n * (n + 1) / 2 + 1)%nat) /\
  exists neurons : list neuron,
    length neurons = n /\ regions (map snd neurons) (n * (n + 1) / 2 + 1).
Proof.
  split.
  - intros neurons k <- Hk. rewrite <- (map_length snd neurons). apply (bound_by_shattering _ k Hk).
  - exists (map (fun z => (1, z)) (tangents n)). split.
    + unfold tangents. rewrite !map_length. apply seq_length.
    + rewrite map_map, map_id. apply regions_are_components; [apply plane_convex |].
      apply tangents_attain.
Qed.
