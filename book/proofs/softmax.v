(** * Log-sum-exp and soft(arg)max

    The theorems of the third chapter, for any number K of scores.
    A vector is a family of real numbers of which the components 1, ..., K
    count; a statement about a vector speaks of these K places only. *)

From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(** ** Vectors, sums and the two soft functions *)

Definition vector := nat -> R.

Definition place (K k : nat) : Prop := (1 <= k <= K)%nat.

(** The sum f 1 + ... + f K. *)
Fixpoint sum (K : nat) (f : vector) : R :=
  match K with
  | 0%nat => 0
  | S n => sum n f + f (S n)
  end.

(** The largest of z 1, ..., z K. *)
Fixpoint maximum (K : nat) (z : vector) : R :=
  match K with
  | 0%nat => z 1%nat
  | S n => Rmax (maximum n z) (z (S n))
  end.

Definition lse (K : nat) (z : vector) (lam : R) : R :=
  1 / lam * ln (sum K (fun j => exp (lam * z j))).

Definition softargmax (K : nat) (z : vector) (lam : R) : vector :=
  fun k => exp (lam * z k) / sum K (fun j => exp (lam * z j)).

(** A probability vector. *)
Definition probability (K : nat) (q : vector) : Prop :=
  (forall k, place K k -> 0 <= q k) /\ sum K q = 1.

(** The scalar product, the Euclidean norm, and a matrix times a vector. *)
Definition dot (K : nat) (u v : vector) : R := sum K (fun k => u k * v k).

Definition norm2 (K : nat) (v : vector) : R := sqrt (dot K v v).

Definition times (K : nat) (A : nat -> vector) (v : vector) : vector :=
  fun i => sum K (fun j => A i j * v j).

Definition delta (i j : nat) : R := if Nat.eqb i j then 1 else 0.

(** The matrix diag p - p p^T, and the Jacobian matrix of soft(arg)max. *)
Definition covariance (p : vector) (i j : nat) : R :=
  p i * delta i j - p i * p j.

Definition jacobian (K : nat) (z : vector) (lam : R) (i j : nat) : R :=
  lam * covariance (softargmax K z lam) i j.

(** The vector z with x at the place k, and the partial derivative of a
    function of a vector. *)
Definition update (z : vector) (k : nat) (x : R) : vector :=
  fun j => if Nat.eqb j k then x else z j.

Definition partial (f : vector -> R) (k : nat) (z : vector) : R :=
  Derive (fun x => f (update z k x)) (z k).

(** ** Finite sums *)

Lemma place_S n k : place (S n) k -> place n k \/ k = S n.
Proof. unfold place; lia. Qed.

Lemma sum_ext K f g :
  (forall k, place K k -> f k = g k) -> sum K f = sum K g.
Proof.
  induction K as [|n IH]; intros H; simpl; [reflexivity|].
  rewrite IH, (H (S n)); [reflexivity| |].
  - unfold place; lia.
  - intros k Hk; apply H; unfold place in *; lia.
Qed.

Lemma sum_plus K f g : sum K (fun k => f k + g k) = sum K f + sum K g.
Proof. induction K as [|n IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_scal K c f : sum K (fun k => c * f k) = c * sum K f.
Proof. induction K as [|n IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_minus K f g : sum K (fun k => f k - g k) = sum K f - sum K g.
Proof. induction K as [|n IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_const K c : sum K (fun _ => c) = INR K * c.
Proof. induction K as [|n IH]; [simpl; ring|rewrite S_INR; simpl; rewrite IH; ring]. Qed.

Lemma sum_le K f g :
  (forall k, place K k -> f k <= g k) -> sum K f <= sum K g.
Proof.
  induction K as [|n IH]; intros H; simpl; [lra|].
  apply Rplus_le_compat.
  - apply IH; intros k Hk; apply H; unfold place in *; lia.
  - apply H; unfold place; lia.
Qed.

Lemma sum_nonneg K f : (forall k, place K k -> 0 <= f k) -> 0 <= sum K f.
Proof.
  intros H; replace 0 with (sum K (fun _ => 0)).
  - apply sum_le, H.
  - rewrite sum_const; ring.
Qed.

(** One term can be taken out of a sum. *)
Lemma sum_remove K f t : place K t ->
  sum K f = f t + sum K (fun k => if Nat.eqb k t then 0 else f k).
Proof.
  induction K as [|n IH]; intros Ht; [unfold place in Ht; lia|]; cbn [sum].
  destruct (place_S n t Ht) as [Hn | ->].
  - replace (Nat.eqb (S n) t) with false.
    + rewrite (IH Hn); ring.
    + symmetry; apply Nat.eqb_neq; unfold place in Hn; lia.
  - rewrite Nat.eqb_refl, (sum_ext n (fun k => if Nat.eqb k (S n) then 0 else f k) f);
      [ring|].
    intros k Hk; replace (Nat.eqb k (S n)) with false; [reflexivity|].
    symmetry; apply Nat.eqb_neq; unfold place in Hk; lia.
Qed.

Lemma term_le_sum K f t : (forall k, place K k -> 0 <= f k) ->
  place K t -> f t <= sum K f.
Proof.
  intros H Ht; rewrite (sum_remove K f t Ht).
  enough (0 <= sum K (fun k => if Nat.eqb k t then 0 else f k)) by lra.
  apply sum_nonneg; intros k Hk; destruct (Nat.eqb k t); [lra|auto].
Qed.

Lemma two_terms_le_sum K f s t : (forall k, place K k -> 0 <= f k) ->
  place K s -> place K t -> s <> t -> f s + f t <= sum K f.
Proof.
  intros H Hs Ht Hst; rewrite (sum_remove K f t Ht).
  enough (f s <= sum K (fun k => if Nat.eqb k t then 0 else f k)) by lra.
  replace (f s) with (if Nat.eqb s t then 0 else f s).
  - apply (term_le_sum K (fun k => if Nat.eqb k t then 0 else f k)); [|exact Hs].
    intros k Hk; destruct (Nat.eqb k t); [lra|auto].
  - apply Nat.eqb_neq in Hst; now rewrite Hst.
Qed.

Lemma sum_pos K f : (1 <= K)%nat ->
  (forall k, place K k -> 0 < f k) -> 0 < sum K f.
Proof.
  intros HK H; apply Rlt_le_trans with (f 1%nat).
  - apply H; unfold place; lia.
  - apply term_le_sum; [|unfold place; lia].
    intros k Hk; apply Rlt_le, H, Hk.
Qed.

(** Terms below others with the same sum are equal to them. *)
Lemma sum_le_eq K f g : (forall k, place K k -> f k <= g k) ->
  sum K f = sum K g -> forall k, place K k -> f k = g k.
Proof.
  intros H E k Hk.
  assert (D : g k - f k <= sum K (fun j => g j - f j)).
  { apply (term_le_sum K (fun j => g j - f j)); [|exact Hk].
    intros j Hj; specialize (H j Hj); lra. }
  rewrite sum_minus in D; specialize (H k Hk); lra.
Qed.

Lemma sum_zero K f : (forall k, place K k -> 0 <= f k) ->
  sum K f = 0 -> forall k, place K k -> f k = 0.
Proof.
  intros H E k Hk; pose proof (term_le_sum K f k H Hk); specialize (H k Hk); lra.
Qed.

Lemma sum_delta K f i : place K i -> sum K (fun j => delta i j * f j) = f i.
Proof.
  intros Hi; rewrite (sum_remove K _ i Hi), (sum_ext K _ (fun _ => 0)).
  - unfold delta; rewrite sum_const, Nat.eqb_refl; ring.
  - intros k _; unfold delta; rewrite (Nat.eqb_sym i k).
    destruct (Nat.eqb k i); ring.
Qed.

Lemma is_derive_sum K (f : R -> vector) (d : vector) x :
  (forall k, place K k -> is_derive (fun t => f t k) x (d k)) ->
  is_derive (fun t => sum K (f t)) x (sum K d).
Proof.
  induction K as [|n IH]; intros H; simpl.
  - apply (is_derive_const 0 x).
  - apply (is_derive_plus (fun t => sum n (f t)) (fun t => f t (S n))).
    + apply IH; intros k Hk; apply H; unfold place in *; lia.
    + apply H; unfold place; lia.
Qed.

(** ** The maximum *)

Lemma maximum_ge K z k : place K k -> z k <= maximum K z.
Proof.
  induction K as [|n IH]; intros Hk; [unfold place in Hk; lia|]; simpl.
  destruct (place_S n k Hk) as [Hn | ->].
  - apply Rle_trans with (maximum n z); [auto|apply Rmax_l].
  - apply Rmax_r.
Qed.

Lemma maximum_attained K z : (1 <= K)%nat ->
  exists t, place K t /\ z t = maximum K z.
Proof.
  induction K as [|[|n] IH]; intros HK; [lia| |].
  - exists 1%nat; split; [unfold place; lia|].
    simpl; now rewrite Rmax_left by lra.
  - destruct IH as [t [Ht E]]; [lia|].
    change (maximum (S (S n)) z) with (Rmax (maximum (S n) z) (z (S (S n)))).
    apply Rmax_case.
    + exists t; split; [unfold place in *; lia|exact E].
    + exists (S (S n)); split; [unfold place; lia|reflexivity].
Qed.

(** ** First properties *)

Lemma exp_sum_pos K z lam : (1 <= K)%nat ->
  0 < sum K (fun j => exp (lam * z j)).
Proof. intros HK; apply sum_pos; [exact HK|]; intros; apply exp_pos. Qed.

Lemma softargmax_pos K z lam k : (1 <= K)%nat -> 0 < softargmax K z lam k.
Proof.
  intros HK; apply Rdiv_lt_0_compat; [apply exp_pos|apply exp_sum_pos, HK].
Qed.

Lemma softargmax_sum K z lam : (1 <= K)%nat -> sum K (softargmax K z lam) = 1.
Proof.
  intros HK; pose proof (exp_sum_pos K z lam HK) as HS.
  unfold softargmax, Rdiv.
  rewrite (sum_ext K _ (fun k => / sum K (fun j => exp (lam * z j)) * exp (lam * z k))).
  - rewrite sum_scal; field; lra.
  - intros; ring.
Qed.

Lemma softargmax_probability K z lam : (1 <= K)%nat ->
  probability K (softargmax K z lam).
Proof.
  intros HK; split; [|apply softargmax_sum, HK].
  intros; apply Rlt_le, softargmax_pos, HK.
Qed.

Lemma exp_sum_ext K y z lam : (forall k, place K k -> y k = z k) ->
  sum K (fun j => exp (lam * y j)) = sum K (fun j => exp (lam * z j)).
Proof. intros H; apply sum_ext; intros k Hk; now rewrite H. Qed.

Lemma softargmax_ext K y z lam k : (forall j, place K j -> y j = z j) ->
  place K k -> softargmax K y lam k = softargmax K z lam k.
Proof.
  intros H Hk; unfold softargmax.
  now rewrite (H k Hk), (exp_sum_ext K y z lam H).
Qed.

Lemma exp_lse K z lam : (1 <= K)%nat -> 0 < lam ->
  exp (lam * lse K z lam) = sum K (fun j => exp (lam * z j)).
Proof.
  intros HK Hl; unfold lse.
  replace (lam * (1 / lam * _)) with (ln (sum K (fun j => exp (lam * z j))))
    by (field; lra).
  apply exp_ln, exp_sum_pos, HK.
Qed.

Lemma softargmax_exp K z lam k : (1 <= K)%nat -> 0 < lam ->
  softargmax K z lam k = exp (lam * (z k - lse K z lam)).
Proof.
  intros HK Hl; unfold softargmax.
  rewrite <- (exp_lse K z lam HK Hl), Rmult_minus_distr_l.
  unfold Rminus; now rewrite exp_plus, exp_Ropp.
Qed.

Lemma exp_lam_le lam a b : 0 < lam -> exp (lam * a) <= exp (lam * b) -> a <= b.
Proof.
  intros Hl H; destruct (Rle_or_lt a b) as [|C]; [assumption|].
  assert (exp (lam * b) < exp (lam * a)) by (apply exp_increasing; nra); lra.
Qed.

Lemma exp_lam_inj lam a b : 0 < lam -> exp (lam * a) = exp (lam * b) -> a = b.
Proof. intros Hl H; apply Rle_antisym; apply (exp_lam_le lam); lra. Qed.

(** The logarithm of a component is the score minus log-sum-exp, times
    lambda. *)
(* Mutant, the factor lambda is dropped: `lam * (z k - lse K z lam)` becomes `z k - lse K z lam` *)
(* Mutant, the wrong sign: `z k - lse K z lam` becomes `z k + lse K z lam` *)
Theorem log_softargmax K z lam k : (1 <= K)%nat -> 0 < lam ->
  ln (softargmax K z lam k) = lam * (z k - lse K z lam).
Proof.
  intros HK Hl; rewrite softargmax_exp by assumption; apply ln_exp.
Qed.

(** The logarithm of a quotient of components is the difference of their
    scores, times lambda. *)
(* Mutant, the quotient upside down: `lam * (z i - z j)` becomes `lam * (z j - z i)` *)
(* Mutant, the factor lambda is dropped: `lam * (z i - z j)` becomes `z i - z j` *)
Theorem log_ratio K z lam i j : (1 <= K)%nat -> 0 < lam ->
  ln (softargmax K z lam i / softargmax K z lam j) = lam * (z i - z j).
Proof.
  intros HK Hl; rewrite ln_div by (apply softargmax_pos, HK).
  rewrite !log_softargmax by assumption; ring.
Qed.

(** ** Shifting and stretching the scores *)

Lemma exp_sum_offset K z a lam :
  sum K (fun j => exp (lam * (z j + a)))
  = exp (lam * a) * sum K (fun j => exp (lam * z j)).
Proof.
  rewrite <- sum_scal; apply sum_ext; intros j _.
  rewrite <- exp_plus; f_equal; ring.
Qed.

(** A constant offset passes through log-sum-exp. *)
(* Mutant, the offset is divided by lambda: `lse K z lam + a` becomes `lse K z lam + a / lam` *)
(* Mutant, the offset gets lost: `lse K z lam + a` becomes `lse K z lam` *)
Theorem lse_offset K z a lam : (1 <= K)%nat -> 0 < lam ->
  lse K (fun k => z k + a) lam = lse K z lam + a.
Proof.
  intros HK Hl; unfold lse.
  rewrite exp_sum_offset, ln_mult, ln_exp.
  - field; lra.
  - apply exp_pos.
  - apply exp_sum_pos, HK.
Qed.

(** A constant offset leaves soft(arg)max alone. *)
(* Mutant, the offset is a factor: `z j + a` becomes `z j * a` *)
(* Mutant, the offset grows with the place: `z j + a` becomes `z j + INR j * a` *)
Theorem softargmax_offset K z a lam k : (1 <= K)%nat -> 0 < lam ->
  softargmax K (fun j => z j + a) lam k = softargmax K z lam k.
Proof.
  intros HK Hl; pose proof (exp_sum_pos K z lam HK) as HS.
  unfold softargmax; rewrite exp_sum_offset, Rmult_plus_distr_l, exp_plus.
  field; split; [lra|apply Rgt_not_eq, exp_pos].
Qed.

(** A positive factor of the scores can be moved into lambda, and then stands
    before log-sum-exp as well. *)
(* Mutant, the factor before log-sum-exp is dropped: `c * lse K z (c * lam)` becomes `lse K z (c * lam)` *)
(* Mutant, lambda remains what it was: `c * lse K z (c * lam)` becomes `c * lse K z lam` *)
Theorem lse_scale K z c lam : 0 < c -> 0 < lam ->
  lse K (fun k => c * z k) lam = c * lse K z (c * lam).
Proof.
  intros Hc Hl; unfold lse.
  rewrite (sum_ext K _ (fun j => exp (c * lam * z j))).
  - field; lra.
  - intros j _; f_equal; ring.
Qed.

(** For soft(arg)max, scaling the scores is a change of lambda. *)
(* Mutant, lambda is divided: `(c * lam)` becomes `(lam / c)` *)
(* Mutant, soft(arg)max does not notice the scale: `(c * lam)` becomes `lam` *)
Theorem softargmax_scale K z c lam k : 0 < c -> 0 < lam ->
  softargmax K (fun j => c * z j) lam k = softargmax K z (c * lam) k.
Proof.
  intros Hc Hl; unfold softargmax.
  replace (lam * (c * z k)) with (c * lam * z k) by ring.
  rewrite (sum_ext K _ (fun j => exp (c * lam * z j))); [reflexivity|].
  intros j _; f_equal; ring.
Qed.

(** Two vectors have the same soft(arg)max if and only if they differ by an
    offset. *)
(* Mutant, by a factor instead of an offset: `z k + a` becomes `a * z k` *)
(* Mutant, lambda may be 0: `0 < lam` becomes `0 <= lam` *)
Theorem softargmax_equal K y z lam : (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k -> softargmax K y lam k = softargmax K z lam k)
  <-> (exists a, forall k, place K k -> y k = z k + a).
Proof.
  intros HK Hl; split.
  - intros H; exists (lse K y lam - lse K z lam); intros k Hk.
    specialize (H k Hk); rewrite !softargmax_exp in H by assumption.
    apply exp_lam_inj in H; lra.
  - intros [a Ha] k Hk; rewrite <- (softargmax_offset K z a lam k HK Hl).
    apply softargmax_ext; assumption.
Qed.

(** A factor, whatever its sign, does not change soft(arg)max if and only if
    it is 1 or all components are equal. *)
(* Mutant, the factor -1 is harmless too: `c = 1` becomes `c * c = 1` *)
(* Mutant, equal components are forgotten: `c = 1 \/ (forall i j, place K i -> place K j -> z i = z j)` becomes `c = 1` *)
Theorem softargmax_factor K z c lam : (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k ->
     softargmax K (fun j => c * z j) lam k = softargmax K z lam k)
  <-> c = 1 \/ (forall i j, place K i -> place K j -> z i = z j).
Proof.
  intros HK Hl.
  rewrite (softargmax_equal K (fun j => c * z j) z lam HK Hl); split.
  - intros [a Ha]; destruct (Req_dec c 1) as [|Hc]; [now left|right].
    intros i j Hi Hj; apply Ha in Hi; apply Ha in Hj.
    apply (Rmult_eq_reg_l (c - 1)); lra.
  - intros [-> | H].
    + exists 0; intros; ring.
    + exists ((c - 1) * z 1%nat); intros k Hk.
      rewrite (H k 1%nat Hk); [ring|unfold place; lia].
Qed.

(** ** How close to the maximum? *)

Lemma exp_upper K m lam : (1 <= K)%nat -> 0 < lam ->
  exp (lam * (m + ln (INR K) / lam)) = INR K * exp (lam * m).
Proof.
  intros HK Hl.
  replace (lam * (m + ln (INR K) / lam)) with (ln (INR K) + lam * m)
    by (field; lra).
  rewrite exp_plus, exp_ln; [reflexivity|apply lt_0_INR; lia].
Qed.

Lemma exp_le_maximum K z lam k : 0 < lam -> place K k ->
  exp (lam * z k) <= exp (lam * maximum K z).
Proof.
  intros Hl Hk; pose proof (maximum_ge K z k Hk) as H.
  destruct (Rle_lt_or_eq_dec _ _ H) as [L | ->]; [|lra].
  apply Rlt_le, exp_increasing; nra.
Qed.

(** Log-sum-exp lies between the maximum and the maximum plus log K over
    lambda. *)
(* Mutant, a bound half as large: `ln (INR K) / lam` becomes `ln (INR K) / (2 * lam)` *)
(* Mutant, the lower bound is strict: `maximum K z <= lse` becomes `maximum K z < lse` *)
Theorem lse_bounds K z lam : (1 <= K)%nat -> 0 < lam ->
  maximum K z <= lse K z lam <= maximum K z + ln (INR K) / lam.
Proof.
  intros HK Hl; split; apply (exp_lam_le lam _ _ Hl); rewrite exp_lse by assumption.
  - destruct (maximum_attained K z HK) as [t [Ht <-]].
    apply (term_le_sum K (fun j => exp (lam * z j))); [|exact Ht].
    intros; apply Rlt_le, exp_pos.
  - rewrite exp_upper, <- sum_const by assumption.
    apply sum_le; intros k Hk; apply exp_le_maximum; assumption.
Qed.

(** The upper bound is attained if and only if all components are equal. *)
(* Mutant, if and only if K = 1: `forall i j, place K i -> place K j -> z i = z j` becomes `K = 1%nat` *)
Theorem lse_upper_equality K z lam : (1 <= K)%nat -> 0 < lam ->
  lse K z lam = maximum K z + ln (INR K) / lam
  <-> (forall i j, place K i -> place K j -> z i = z j).
Proof.
  intros HK Hl; split.
  - intros E.
    assert (H : forall k, place K k -> z k = maximum K z).
    { intros k Hk; apply (exp_lam_inj lam _ _ Hl).
      apply (sum_le_eq K (fun j => exp (lam * z j)) (fun _ => exp (lam * maximum K z)));
        [|rewrite sum_const, <- exp_upper, <- E, exp_lse by assumption; reflexivity|exact Hk].
      intros j Hj; apply exp_le_maximum; assumption. }
    intros i j Hi Hj; now rewrite (H i Hi), (H j Hj).
  - intros H; apply (exp_lam_inj lam _ _ Hl).
    rewrite exp_lse, exp_upper, <- sum_const by assumption.
    destruct (maximum_attained K z HK) as [t [Ht <-]].
    apply sum_ext; intros k Hk; now rewrite (H k t Hk Ht).
Qed.

(** The lower bound is attained if and only if K = 1. *)
(* Mutant, for two scores as well: `K = 1%nat` becomes `(K <= 2)%nat` *)
Theorem lse_lower_equality K z lam : (1 <= K)%nat -> 0 < lam ->
  maximum K z = lse K z lam <-> K = 1%nat.
Proof.
  intros HK Hl; split.
  - intros E; destruct (Nat.eq_dec K 1) as [|HK2]; [assumption|exfalso].
    destruct (maximum_attained K z HK) as [t [Ht Et]].
    set (s := if Nat.eqb t 1 then 2%nat else 1%nat).
    assert (Hs : place K s /\ s <> t).
    { unfold s, place in *; destruct (Nat.eqb_spec t 1); lia. }
    assert (H : exp (lam * z s) + exp (lam * z t) <= sum K (fun j => exp (lam * z j))).
    { apply (two_terms_le_sum K (fun j => exp (lam * z j))); try tauto.
      intros; apply Rlt_le, exp_pos. }
    rewrite <- exp_lse, <- E, <- Et in H by assumption.
    pose proof (exp_pos (lam * z s)); lra.
  - intros ->; unfold lse; simpl.
    rewrite Rmax_left, Rplus_0_l, ln_exp by lra; field; lra.
Qed.

(** As lambda grows, log-sum-exp tends to the maximum, uniformly in z. *)
(* Mutant, for every lambda: `L <= lam` becomes `0 < lam` *)
(* Mutant, from one lambda on there is no error at all: `Rabs (lse K z lam - maximum K z) <= eps` becomes `lse K z lam = maximum K z` *)
Theorem lse_limit_uniform K : (1 <= K)%nat ->
  forall eps, 0 < eps -> exists L, 0 < L /\
  forall lam, L <= lam -> forall z, Rabs (lse K z lam - maximum K z) <= eps.
Proof.
  intros HK eps He; exists (ln (INR K) / eps + 1).
  assert (Hln : 0 <= ln (INR K)).
  { rewrite <- ln_1; destruct (Nat.eq_dec K 1) as [-> | HK2]; [simpl; lra|].
    apply Rlt_le, ln_increasing; [lra|apply lt_1_INR; lia]. }
  assert (HL : 0 <= ln (INR K) / eps) by (apply Rdiv_le_0_compat; lra).
  split; [lra|]; intros lam Hlam z.
  destruct (lse_bounds K z lam HK ltac:(lra)) as [H1 H2].
  assert (ln (INR K) / lam <= eps).
  { apply Rle_div_l; [lra|]; rewrite Rmult_comm.
    apply Rle_div_l; lra. }
  apply Rabs_le; lra.
Qed.

(** The limit at a single z, as a limit of the analysis. *)
(* Mutant, lambda tends to minus infinity: `p_infty` becomes `m_infty` *)
(* Mutant, the limit is the first score: `(maximum K z)` becomes `(z 1%nat)` *)
Theorem lse_limit K z : (1 <= K)%nat ->
  is_lim (fun lam => lse K z lam) p_infty (maximum K z).
Proof.
  intros HK; apply is_lim_spec; intros eps.
  destruct (lse_limit_uniform K HK (eps / 2)) as [L [_ H]].
  - pose proof (cond_pos eps); lra.
  - exists L; intros lam Hlam; specialize (H lam ltac:(lra) z).
    pose proof (cond_pos eps); lra.
Qed.
