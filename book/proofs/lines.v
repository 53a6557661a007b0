(** * How many regions do [n] lines make?

    A region of [n] lines is a sign vector that occurs: a list of [n] booleans, [true] for plus and
    [false] for minus, for which some point of the plane has these signs and lies on none of the
    lines.  The file proves the bound [n (n + 1) / 2 + 1] by shattering and again by adding one
    line after the other, which also tells when it is attained; that the tangents of a parabola
    attain it, with the intervals of [1, ..., n] as their regions; and what this means for a
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

Lemma number_part {T : Type} (P Q : T -> Prop) (k : nat) :
  number Q k -> (forall x, P x -> Q x) -> exists m, number P m.
Proof.
  intros (l & _ & HQ & _) H.
  assert (Hpart : exists l', NoDup l' /\ forall x, In x l' <-> In x l /\ P x).
  { clear HQ. induction l as [| a l (l' & Hl' & IH)].
    - exists []. split; [constructor | simpl; tauto].
    - destruct (classic (P a /\ ~ In a l')) as [[HPa Ha] | Ha].
      + exists (a :: l'). split; [constructor; assumption |].
        intros x. simpl. rewrite IH. split; [| tauto].
        intros [<- | [Hx HPx]]; tauto.
      + exists l'. split; [exact Hl' |].
        intros x. simpl. rewrite IH. split; [tauto |].
        intros [[<- | Hx] HPx]; [| tauto].
        apply IH. apply NNPP. tauto. }
  destruct Hpart as (l' & Hl' & Hin).
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
      exists (c :: s). split; [exact Hs |]. apply agree_on_cons. split; [discriminate | exact Hag]. }
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
